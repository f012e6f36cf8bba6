/** What happened on the way, in words: for those who want to know whom the page talked to and why it took so long. */

import { signal } from "@preact/signals";
import type { Event } from "lugger";
import { short } from "../text/format.ts";

export interface Line {
  key: number;
  text: string;
  warning: boolean;
}

const KEPT = 200;
let next = 0;

export class Log {
  readonly lines = signal<readonly Line[]>([]);
  readonly hosts = signal<readonly string[]>([]);
  /** The last thing worth telling while it lasts; null if nothing is. */
  readonly note = signal<string | null>(null);

  take(event: Event): void {
    const told = describe(event);
    if (event.event === "exchanged") {
      this.#contacted(event.request);
    }
    if (told === null) {
      if (event.event === "moved" || event.event === "committed") {
        this.note.value = null;
      }
      return;
    }
    if (told.noted) {
      this.note.value = told.text;
    }
    this.lines.value = [...this.lines.value.slice(1 - KEPT), { key: next++, text: told.text, warning: told.noted }];
  }

  #contacted(request: string): void {
    const host = /https?:\/\/([^/?#\s]+)/.exec(request)?.[1];
    if (host !== undefined && !this.hosts.value.includes(host)) {
      this.hosts.value = [...this.hosts.value, host];
    }
  }
}

/** `noted` is what people should see while it lasts. */
function describe(event: Event): { text: string; noted: boolean } | null {
  switch (event.event) {
    case "resolved":
      return { text: `${event.name} is ${event.target.digest}`, noted: false };
    case "authenticating":
      return { text: `Asked ${event.realm} for a token as ${event.account ?? "nobody"}`, noted: false };
    case "exchanged":
      return { text: `${event.request}: ${event.status ?? event.why ?? "no answer"}`, noted: false };
    case "retrying":
      return { text: `${event.doing}: ${event.why}; trying again in ${seconds(event.after_ms)}`, noted: true };
    case "next_endpoint":
      return { text: `${event.doing}: ${event.from} did not do (${event.why}); asking the next one`, noted: true };
    case "limited":
      return {
        text: `${event.registry} still gives ${event.remaining}${event.limit === null ? "" : ` of ${event.limit}`}${event.window === null ? "" : ` in ${seconds(event.window * 1000)}`}`,
        noted: false,
      };
    case "waiting":
      return { text: `Waiting for another tab that fetches ${short(event.digest)}`, noted: true };
    case "discarded":
      return { text: `Threw away ${short(event.digest)}: it was not what it should be`, noted: true };
    case "evicted":
      return { text: `Removed ${event.name} to make room`, noted: true };
    case "warned":
      return { text: event.warning, noted: true };
    default:
      return null;
  }
}

function seconds(ms: number): string {
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`;
}
