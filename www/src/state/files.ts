/** Files and folders that are being opened. */

import { signal } from "@preact/signals";
import type { Given, LuggerError, Opened, Operation } from "lugger";
import { navigate } from "../router.ts";
import { percent, plural } from "../text/format.ts";
import { inert } from "../text/inert.ts";
import { alert, announce } from "./announce.ts";
import { asError, isCancelled, lugger } from "./host.ts";
import { refresh } from "./images.ts";

export interface Opening {
  /** What it is called. */
  what: string;
  total: number;
  operation: Operation<Opened>;
}

export const opening = signal<Opening | null>(null);
/** Bytes that were read. */
export const read = signal(0);
export const trouble = signal<LuggerError | null>(null);

/** Opens what was given; another one that is still being opened is stopped. */
export async function open(given: Given[]): Promise<void> {
  opening.value?.operation.cancel();
  trouble.value = null;
  read.value = 0;
  const [first] = given;
  if (first === undefined) {
    fail(asError("There is no file in it"));
    return;
  }
  navigate({ screen: "open" });
  const what = given.length === 1 ? inert(first.path) : plural(given.length, "file");
  announce(`Opening ${what}`);
  try {
    const operation = (await lugger()).open(given);
    opening.value = { what, operation, total: given.reduce((sum, { file }) => sum + file.size, 0) };
    const { images } = await follow(operation);
    await refresh();
    announce(`${plural(images.length, "image")} opened`);
    const [only] = images;
    if (images.length === 1 && only !== undefined) {
      navigate({ screen: "image", name: only.name, platform: null });
    } else if (images.length === 0) {
      fail(asError("There is no image in it"));
    }
  } catch (why) {
    if (isCancelled(why)) {
      announce("Stopped");
    } else {
      fail(asError(why));
    }
  } finally {
    opening.value = null;
  }
}

async function follow(operation: Operation<Opened>): Promise<Opened> {
  const done = new Map<string, number>();
  for await (const event of operation) {
    if (event.event === "moved") {
      done.set(event.digest, event.done);
    } else if (event.event === "committed" || event.event === "skipped") {
      done.set(event.content.digest, event.content.size);
    }
    read.value = [...done.values()].reduce((sum, bytes) => sum + bytes, 0);
  }
  return await operation;
}

/** Whole percent of what is being opened. */
export function progress(): number {
  return percent(read.value, opening.value?.total ?? 0);
}

/** For what went wrong before anything was opened. */
export function fail(why: LuggerError): void {
  trouble.value = why;
  alert(why.message);
}
