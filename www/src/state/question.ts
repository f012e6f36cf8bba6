/** A question that has to be answered before anything goes on: one at a time. */

import { signal } from "@preact/signals";

export interface Question {
  title: string;
  text: string;
  /** What the button that agrees says. */
  yes: string;
  danger: boolean;
  answer: (yes: boolean) => void;
}

export const question = signal<Question | null>(null);

/** Asks; a question that is open already is answered with no. */
export function ask(asked: Omit<Question, "answer">): Promise<boolean> {
  question.value?.answer(false);
  return new Promise((resolve) => {
    question.value = {
      ...asked,
      answer: (yes) => {
        question.value = null;
        resolve(yes);
      },
    };
  });
}
