/** What the store of this browser holds. */

import { signal } from "@preact/signals";
import type { Image } from "lugger";
import { plural, size } from "../text/format.ts";
import { inert } from "../text/inert.ts";
import { announce } from "./announce.ts";
import { lugger } from "./host.ts";
import { ask } from "./question.ts";

/** Newest first; null as long as it is not known. */
export const images = signal<readonly Image[] | null>(null);

/** Looks that began, and which of them is shown: what an earlier one finds later is old. */
let looks = 0;
let shown = 0;

export async function refresh(): Promise<readonly Image[]> {
  const look = ++looks;
  const found = await (await lugger()).images();
  found.sort((a, b) => b.updated_at.localeCompare(a.updated_at) || a.name.localeCompare(b.name));
  if (look > shown) {
    shown = look;
    images.value = found;
  }
  return found;
}

/** Asks first. True if it is gone. */
export async function remove(image: Image): Promise<boolean> {
  const name = inert(image.name);
  const yes = await ask({
    title: `Delete ${name}?`,
    text: `Its name goes, and with it what no other image here needs: up to ${size(image.size)}.`,
    yes: "Delete",
    danger: true,
  });
  if (yes) {
    await (await lugger()).remove(image.name);
    await refresh();
    announce(`${name} is deleted`);
  }
  return yes;
}

/** Asks first. True if everything is gone. */
export async function clear(): Promise<boolean> {
  const yes = await ask({
    title: "Delete everything?",
    text: `${plural(images.value?.length ?? 0, "image")} and all downloads that were not finished go from this browser.`,
    yes: "Delete all",
    danger: true,
  });
  if (yes) {
    await (await lugger()).clear();
    await refresh();
    announce("Everything is deleted");
  }
  return yes;
}
