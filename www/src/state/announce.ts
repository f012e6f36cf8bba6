/** What is said to those who listen: it may quote others, so every active character is spelled out. */

import { signal } from "@preact/signals";
import { inert } from "../text/inert.ts";

export const polite = signal("");
export const urgent = signal("");

export function announce(text: string): void {
  polite.value = inert(text);
}

export function alert(text: string): void {
  urgent.value = inert(text);
}
