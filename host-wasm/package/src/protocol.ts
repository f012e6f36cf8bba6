/** What the page and the worker say to each other. Each side answers by `id`. */

import type { Descriptor, Event, Failure, Given, Image, Opened, Options, Overview, Pulled } from "./types.ts";

/** What can be asked of the worker: the request's members, and what comes back. */
export interface Operations {
  pull: { ask: { reference: string; platform: string | null }; answer: Pulled };
  open: { ask: { files: Given[] }; answer: Opened };
  examine: { ask: { name: string; platform: string | null }; answer: Overview };
  inspect: { ask: { reference: string; platform: string | null; target: Descriptor | null }; answer: Overview };
  images: { ask: object; answer: Image[] };
  remove: { ask: { name: string }; answer: null };
  clear: { ask: object; answer: null };
  allow: { ask: { registry: string }; answer: null };
}

export type Op = keyof Operations;

/** Any of the operations, as it is asked for. */
export type Ask<O extends Op = Op> = { [K in O]: { op: K } & Operations[K]["ask"] }[O];

/** Page to worker. `start` comes first, once, and has no id: the worker answers it with id 0. */
export type Request =
  | { op: "start"; options: Options }
  | (Ask & { id: number })
  | { op: "read"; id: number; digest: string; from: number; length: number | null }
  | { op: "cancel"; target: number };

/** Worker to page: any number of events, then one of the others. */
export type Response = { id: number; event: Event } | { id: number; ok: unknown } | { id: number; failure: Failure };

/** What Rust makes of an operation: the request without its files, which go beside it in the same order as `paths`. */
export function wire(ask: Ask): { json: string; files: File[] } {
  if (ask.op !== "open") {
    return { json: JSON.stringify(ask), files: [] };
  }
  const paths = ask.files.map((given) => given.path);
  return { json: JSON.stringify({ op: ask.op, paths }), files: ask.files.map((given) => given.file) };
}
