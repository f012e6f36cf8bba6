/** Does something for the newest wish: one at a time, and those that came between are dropped. */
export class Newest<T> {
  #busy: Promise<void> | undefined;
  #next: { wish: T } | undefined;

  constructor(private readonly act: (wish: T) => Promise<void>) {}

  wish(wish: T): void {
    this.#next = { wish };
    this.#busy ??= this.#work();
  }

  /** Drops what has not begun, and waits for what has. */
  async stop(): Promise<void> {
    this.#next = undefined;
    await this.#busy;
  }

  async #work(): Promise<void> {
    while (this.#next !== undefined) {
      const { wish } = this.#next;
      this.#next = undefined;
      // It is only a wish: what matters is asked for again.
      await this.act(wish).catch(() => undefined);
    }
    this.#busy = undefined;
  }
}
