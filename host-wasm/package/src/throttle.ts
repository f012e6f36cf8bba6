import type { Event } from "./types.ts";

type Progress = Extract<Event, { done: number }>;

/** Whether it says how far something is: of these only the newest of each digest counts. */
export function isProgress(event: Event): event is Progress {
  return event.event === "moved" || event.event === "examining";
}

/** Passes the events of one operation on, in order, but of progress only the newest of each digest, about twenty times a second. */
export class Throttle {
  #held = new Map<string, Event>();
  #sent = new Map<string, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly send: (event: Event) => void,
    private readonly every = 50,
  ) {}

  push(event: Event): void {
    if (!isProgress(event)) {
      this.flush();
      this.send(event);
      return;
    }
    const now = performance.now();
    if (now - (this.#sent.get(event.digest) ?? Number.NEGATIVE_INFINITY) >= this.every) {
      this.#held.delete(event.digest);
      this.#sent.set(event.digest, now);
      this.send(event);
      return;
    }
    this.#held.set(event.digest, event);
    this.#timer ??= setTimeout(() => this.flush(), this.every);
  }

  /** What is held goes now: before anything that comes after it, and when the operation ends. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const now = performance.now();
    for (const [digest, event] of this.#held) {
      this.#sent.set(digest, now);
      this.send(event);
    }
    this.#held.clear();
  }
}
