/** Which image is looked at follows from the address; how it got there, from what the user did. */

import { effect, signal, untracked } from "@preact/signals";
import { navigate, route } from "../router.ts";
import { inert } from "../text/inert.ts";
import { familiar } from "../text/reference.ts";
import { archiveOf } from "./files.ts";
import { question } from "./question.ts";
import { Subject } from "./subject.ts";

export const subject = signal<Subject | null>(null);

/** What was asked for a moment ago: the registry is asked even if the store has it. Not part of the address: a reload asks nobody. */
let wanted: { name: string; platform: string | true } | null = null;

/** The image that the page was opened for: it is fetched. */
export function want(name: string): void {
  wanted = { name, platform: true };
}

/** Opens an image by its name. `all` fetches every platform. */
export function openReference(name: string, platform: string | null): void {
  wanted = { name, platform: platform ?? true };
  subject.value?.close();
  subject.value = null;
  navigate({ screen: "image", name, platform: platform === "all" ? null : platform });
  look();
}

/** Keeps both in step for as long as the page lives. */
export function followRoute(): void {
  effect(() => {
    route.value;
    untracked(look);
  });
  effect(() => {
    const at = route.value;
    const what = at.screen === "image" ? `${inert(familiar(at.name))} – ` : "";
    document.title = `${what}Lugger`;
  });
}

function look(): void {
  const at = route.value;
  const now = subject.value;
  if (at.screen === "image" && now !== null && now.name === at.name && now.platform === at.platform) {
    return;
  }
  // What was asked there needs no answer here.
  question.value?.answer(false);
  now?.close();
  if (at.screen !== "image") {
    subject.value = null;
    return;
  }
  const pull = wanted?.name === at.name ? wanted.platform : null;
  wanted = null;
  const archive = pull === null ? archiveOf(at.name) : null;
  const next = new Subject(at.name, at.platform, archive);
  // The same image on another platform: what is known of the others stays in sight.
  if (now !== null && now.name === at.name) {
    next.keep(now);
  }
  subject.value = next;
  void (archive === null ? next.start(pull) : next.open(archive));
}
