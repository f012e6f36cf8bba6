/** The one Lugger of this page, and the bridge that it may have. */

import { signal } from "@preact/signals";
import { type Bridge, Lugger, LuggerError } from "lugger";
import { arrival, format, type Route } from "../route.ts";
import { canonical } from "../text/reference.ts";
import { ask } from "./question.ts";

const KEY = "lugger.token";

export const bridge = signal<Bridge | null>(null);

let started: Promise<Lugger> | undefined;

/** Takes the token out of the address: nobody who looks at it later finds it there. Gives the image to open, if one was named. */
export function arrive(): string | null {
  const came = arrival(location.hash);
  if (came !== null) {
    remember(came.token);
    history.replaceState(null, "", format(screenOf(came.reference)));
  }
  const token = came?.token ?? remembered();
  bridge.value = token === null ? null : { url: `${location.origin}/api/v1/`, token };
  return came?.reference ?? null;
}

/** Starts it, and again if it could not be started before or has died since: whoever tries again gets another one. */
export function lugger(): Promise<Lugger> {
  started ??= start();
  return started;
}

async function start(): Promise<Lugger> {
  const over = () => {
    started = undefined;
  };
  try {
    const it = await Lugger.start(bridge.value === null ? {} : { bridge: bridge.value });
    void it.ended.then(over);
    return it;
  } catch (why) {
    over();
    throw why;
  }
}

/** Runs it; if the bridge wants the user's word for a registry, asks for that and runs it again. */
export async function confirmed<T>(run: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await run();
    } catch (thrown) {
      const why = asError(thrown);
      if (why.kind !== "confirm" || why.registry === null) {
        throw why;
      }
      const yes = await ask({
        title: `Let lugger contact ${why.registry}?`,
        text: "The bridge asks only the registries that you named when you started it, or that are in your files. If you allow this one, it is asked with the credentials that you have for it, until the bridge ends.",
        yes: "Allow",
        danger: false,
      });
      if (!yes) {
        throw why;
      }
      await (await lugger()).allow(why.registry);
    }
  }
}

/** Whether nobody needs to be told: somebody wanted it to stop. */
export function isCancelled(why: unknown): boolean {
  return why instanceof LuggerError && why.kind === "cancelled";
}

export function asError(why: unknown): LuggerError {
  if (why instanceof LuggerError) {
    return why;
  }
  const message = why instanceof Error ? why.message : String(why);
  return new LuggerError({ kind: "other", message, registry: null, attempts: [] });
}

function screenOf(reference: string | null): Route {
  return reference === null ? { screen: "open" } : { screen: "image", name: canonical(reference), platform: null };
}

function remember(token: string): void {
  try {
    sessionStorage.setItem(KEY, token);
  } catch {
    // It lives as long as the page, then.
  }
}

function remembered(): string | null {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}
