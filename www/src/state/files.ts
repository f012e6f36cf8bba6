/** Files and folders that are being opened. */

import { signal } from "@preact/signals";
import type { Given, LuggerError, Opened } from "lugger";
import { navigate, route } from "../router.ts";
import { plural } from "../text/format.ts";
import { inert } from "../text/inert.ts";
import { alert, announce } from "./announce.ts";
import { asError, isCancelled, lugger } from "./host.ts";
import { refresh } from "./images.ts";
import { Log } from "./log.ts";
import { Work } from "./work.ts";

/** What is being read, to its end whichever screen is shown. */
export interface Archive {
  /** What it is called. */
  what: string;
  given: readonly Given[];
  total: number;
  work: Work<Opened>;
}

export const archive = signal<Archive | null>(null);
export const trouble = signal<LuggerError | null>(null);

/** Begins to read; an archive that is still being read is stopped. */
export async function read(given: readonly Given[], log = new Log()): Promise<Archive> {
  const [first] = given;
  if (first === undefined) {
    throw asError("There is no file in it");
  }
  const what = given.length === 1 ? inert(first.path) : plural(given.length, "file");
  announce(`Opening ${what}`);
  const total = given.reduce((sum, { file }) => sum + file.size, 0);
  const host = await lugger();
  archive.value?.work.cancel();
  const work = new Work(host.open([...given]), "opening", log);
  const mine = { what, given, total, work };
  archive.value = mine;
  const over = (tell: () => void) => {
    if (archive.value === mine) {
      archive.value = null;
    }
    // The screen of one of its images says it, else nobody would.
    if (!isShown(work)) {
      tell();
    }
    // What is there is looked up again by whoever shows it.
    refresh().catch(() => undefined);
  };
  work.result.then(
    ({ images }) => over(() => announce(`${plural(images.length, "image")} opened`)),
    (why) => over(() => (isCancelled(why) ? announce("Stopped") : fail(asError(why)))),
  );
  return mine;
}

/** Opens what was given, or is being looked for. If it is one image, its screen is shown as soon as it is known which. */
export async function open(given: Given[] | Promise<Given[]>): Promise<void> {
  trouble.value = null;
  navigate({ screen: "open" });
  try {
    const { work } = await read(await given);
    const [first, ...others] = await work.told;
    const isOne = first !== undefined && others.every(({ target }) => target.digest === first.target.digest);
    if (isOne && route.value.screen === "open") {
      navigate({ screen: "image", name: first.name, platform: null });
    }
  } catch (why) {
    fail(asError(why));
  }
}

/** The archive that is being read, if it has an image of this name. */
export function archiveOf(name: string): Archive | null {
  const now = archive.value;
  return now?.work.images.value.some((image) => image.name === name) ? now : null;
}

/** Whether one of its images is looked at. */
function isShown({ images }: Work<Opened>): boolean {
  const at = route.value;
  return at.screen === "image" && images.value.some(({ name }) => name === at.name);
}

/** For what went wrong and has no screen of its own: the first one shows it. */
export function fail(why: LuggerError): void {
  trouble.value = why;
  alert(why.message);
}
