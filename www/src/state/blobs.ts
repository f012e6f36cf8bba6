/** What the events of an operation say about each piece of content. */

import type { Event, Layer, Overview, State, Unpacked } from "lugger";
import { percent } from "../text/format.ts";

/** How content comes: from a registry, or from files. */
export type Moving = "fetching" | "reading";

/** What goes on with one piece of content now. */
export interface Live {
  phase: "planned" | Moving | "waiting" | "stored" | "unpacking" | "examined";
  done: number;
  /** Null as long as nobody said. */
  total: number | null;
  unpacked: Unpacked | null;
}

export type Lives = ReadonlyMap<string, Live>;

/** What is shown of it. */
export interface Standing {
  state: State | Moving | "waiting" | "unpacking";
  /** Whole percent, where it means something. */
  percent: number | null;
}

const FRESH: Live = { phase: "planned", done: 0, total: null, unpacked: null };

/** Takes an event in; true if something changed. */
export function take(lives: Map<string, Live>, event: Event, moving: Moving): boolean {
  const put = (digest: string, change: Partial<Live>) => {
    lives.set(digest, { ...(lives.get(digest) ?? FRESH), ...change });
    return true;
  };
  switch (event.event) {
    case "planned":
      return lives.has(event.content.digest)
        ? put(event.content.digest, { total: event.content.size })
        : put(event.content.digest, { total: event.content.size, phase: "planned" });
    case "skipped":
    case "committed":
      return put(event.content.digest, { phase: "stored", done: event.content.size, total: event.content.size });
    case "began":
      return put(event.digest, { phase: moving, done: event.from });
    case "moved":
      return put(event.digest, { phase: moving, done: event.done });
    case "examining":
      return put(event.digest, { phase: "unpacking", done: event.done });
    case "waiting":
      return put(event.digest, { phase: "waiting" });
    case "discarded":
      return put(event.digest, { phase: "planned", done: 0 });
    case "examined":
      return put(event.digest, { phase: "examined", unpacked: event.unpacked });
    default:
      return false;
  }
}

/** How a layer stands: what is known of the store, and what has happened since. */
export function standing(layer: Pick<Layer, "digest" | "size" | "state" | "have">, lives: Lives): Standing {
  const live = lives.get(layer.digest);
  if (layer.state === "examined" || layer.state === "damaged") {
    return { state: layer.state, percent: null };
  }
  switch (live?.phase) {
    case "fetching":
    case "reading":
    case "unpacking":
      return { state: live.phase, percent: percent(live.done, live.total ?? layer.size) };
    case "waiting":
      return { state: "waiting", percent: percent(live.done, layer.size) };
    case "stored":
    case "examined":
      return { state: live.phase, percent: null };
    default:
      return layer.state === "partial"
        ? { state: "partial", percent: percent(live?.done ?? layer.have, layer.size) }
        : { state: layer.state, percent: null };
  }
}

/** How far all of it is: bytes of what is known to be wanted. */
export function sum(lives: Lives): { done: number; total: number } {
  let done = 0;
  let total = 0;
  for (const live of lives.values()) {
    const size = live.total ?? live.done;
    const whole = live.phase === "examined" || live.phase === "stored";
    total += size;
    done += whole ? size : Math.min(live.done, size);
  }
  return { done, total };
}

/** Whether not all of it is here. A layer with all its bytes is not, before its digest was looked at. */
export function isMissing({ state }: Pick<Layer, "state">): boolean {
  return state === "absent" || state === "partial";
}

/** Layers that are here, before they are looked into. */
export function unexamined(layers: readonly Layer[]): Map<string, Live> {
  const stored = layers.filter(({ state }) => state === "stored");
  return new Map(stored.map(({ digest, size }) => [digest, { ...FRESH, total: size }]));
}

/** How much of the layers is verified to the last byte. */
export function verified(overview: Overview, lives: Lives): { contents: number; damaged: number } {
  const states = overview.layers.map((layer) => standing(layer, lives).state);
  const contents = states.filter((state) => state === "examined").length;
  return { contents, damaged: states.filter((state) => state === "damaged").length };
}
