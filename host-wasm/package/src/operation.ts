import type { LuggerError } from "./failure.ts";
import { isProgress } from "./throttle.ts";
import type { Event } from "./types.ts";

/**
 * An operation at work: a promise of its result, an async iterator of its events, and a way to stop it.
 *
 * Events wait for their reader: of progress (`moved`, `examining`) the newest of each digest, of the others the newest thousand. A loop over
 * them ends when the operation does, and throws what the promise rejects with. Several loops share the events: each is read once.
 */
export interface Operation<T> extends Promise<T>, AsyncIterable<Event> {
  readonly id: number;
  /** What arrived stays; the operation rejects with the kind `cancelled`. */
  cancel(): void;
}

/** More than this is not kept for a reader who does not come. */
const KEPT = 1000;

/** The events that nobody read yet. */
export class Backlog {
  #events = new Map<string | number, Event>();
  #next = 0;

  push(event: Event): void {
    if (isProgress(event)) {
      // The newest goes to the end: what was said of this digest before stays before it.
      this.#events.delete(event.digest);
      this.#events.set(event.digest, event);
    } else {
      this.#events.set(this.#next++, event);
    }
    if (this.#events.size > KEPT) {
      this.shift();
    }
  }

  shift(): Event | undefined {
    for (const [key, event] of this.#events) {
      this.#events.delete(key);
      return event;
    }
    return undefined;
  }
}

/** The page's end of an operation. */
export class Running<T> implements Operation<T> {
  readonly [Symbol.toStringTag] = "Operation";
  readonly #promise: Promise<T>;
  #settle!: { resolve: (value: T) => void; reject: (why: LuggerError) => void };
  readonly #backlog = new Backlog();
  #over = false;
  /** Loops that have read everything so far. */
  #waiting: (() => void)[] = [];

  constructor(
    readonly id: number,
    private readonly stop: () => void,
  ) {
    this.#promise = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
  }

  /** From the worker. */
  tell(event: Event): void {
    this.#backlog.push(event);
    this.#wake();
  }

  /** From the worker, once. */
  end(with_: { ok: unknown } | { failure: LuggerError }): void {
    this.#over = true;
    if ("ok" in with_) {
      this.#settle.resolve(with_.ok as T);
    } else {
      this.#settle.reject(with_.failure);
    }
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) {
      wake();
    }
  }

  cancel(): void {
    if (!this.#over) {
      this.stop();
    }
  }

  // biome-ignore lint/suspicious/noThenProperty: it is a promise.
  then<A = T, B = never>(
    done?: ((value: T) => A | PromiseLike<A>) | null,
    failed?: ((why: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#promise.then(done, failed);
  }

  catch<B = never>(failed?: ((why: unknown) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.#promise.catch(failed);
  }

  finally(last?: (() => void) | null): Promise<T> {
    return this.#promise.finally(last);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Event, void, undefined> {
    for (;;) {
      const event = this.#backlog.shift();
      if (event !== undefined) {
        yield event;
      } else if (this.#over) {
        await this.#promise;
        return;
      } else {
        await new Promise<void>((wake) => {
          this.#waiting.push(wake);
        });
      }
    }
  }
}
