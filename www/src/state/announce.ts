/** What is said to those who listen: it may quote others, so every active character is spelled out. */

import { signal } from "@preact/signals";
import { inert } from "../text/inert.ts";

/** Words that are new each time, also if they are the same as before. */
export interface Said {
  key: number;
  text: string;
}

const NOTHING: Said = { key: 0, text: "" };

export const polite = signal(NOTHING);
export const urgent = signal(NOTHING);

export function announce(text: string): void {
  polite.value = { key: polite.value.key + 1, text: inert(text) };
}

export function alert(text: string): void {
  urgent.value = { key: urgent.value.key + 1, text: inert(text) };
}
