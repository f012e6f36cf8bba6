/** What is said to those who listen. */

import { signal } from "@preact/signals";

export const polite = signal("");
export const urgent = signal("");

export function announce(text: string): void {
  polite.value = text;
}

export function alert(text: string): void {
  urgent.value = text;
}
