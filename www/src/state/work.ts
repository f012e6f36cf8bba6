/** An operation at work: how each content stands, how far all of it is, and which images it brings. */

import { computed, signal } from "@preact/signals";
import type { Descriptor, Event, Operation } from "lugger";
import { percent } from "../text/format.ts";
import { announce } from "./announce.ts";
import { type Live, type Lives, sum, take } from "./blobs.ts";
import type { Log } from "./log.ts";

/** What an operation does with content. */
export type Doing = "pulling" | "opening" | "examining";

/** An image that is being brought. */
export interface Coming {
  name: string;
  target: Descriptor;
  /** Whether anything of it is known yet. */
  loaded: boolean;
}

/** How often what streams is shown. */
const EVERY_MS = 80;

export class Work<T> {
  readonly lives = signal<Lives>(new Map());
  readonly progress = computed(() => sum(this.lives.value));
  readonly images = signal<readonly Coming[]>([]);
  /** Goes up with whatever an overview would show. */
  readonly news = signal(0);
  /** All images that it brings; none if it ends before they are told. */
  readonly told: Promise<readonly Coming[]>;
  readonly result: Promise<T>;

  #lives: Map<string, Live>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #announced = 0;
  #tell!: (images: readonly Coming[]) => void;

  constructor(
    private readonly operation: Operation<T>,
    readonly doing: Doing,
    readonly log: Log,
    lives: Lives = new Map(),
  ) {
    this.#lives = new Map(lives);
    this.told = new Promise((resolve) => {
      this.#tell = resolve;
    });
    this.result = this.#follow();
  }

  /** What arrived stays. */
  cancel(): void {
    this.operation.cancel();
  }

  async #follow(): Promise<T> {
    this.#publish();
    try {
      for await (const event of this.operation) {
        this.#take(event);
      }
      return await this.operation;
    } finally {
      this.#publish();
      this.#tell([]);
    }
  }

  #take(event: Event): void {
    this.log.take(event);
    if (take(this.#lives, event, this.doing === "opening" ? "reading" : "fetching")) {
      this.#timer ??= setTimeout(() => this.#publish(), EVERY_MS);
    }
    switch (event.event) {
      case "resolved": {
        const { name, target } = event;
        const others = this.images.value.filter((image) => image.name !== name);
        this.images.value = [...others, { name, target, loaded: false }];
        break;
      }
      case "loaded":
        this.images.value = this.images.value.map((image) =>
          image.target.digest === event.document.digest ? { ...image, loaded: true } : image,
        );
        this.#tell(this.images.value);
        this.news.value++;
        break;
      case "warned":
        this.news.value++;
        break;
    }
  }

  #publish(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.lives.value = new Map(this.#lives);
    const { done, total } = this.progress.value;
    const quarter = Math.floor(percent(done, total) / 25);
    if (quarter > this.#announced && quarter < 4) {
      this.#announced = quarter;
      announce(`${quarter * 25} %`);
    }
  }
}
