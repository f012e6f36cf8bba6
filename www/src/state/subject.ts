/** The image that is looked at: what is known of it, and what goes on with it. */

import { computed, signal } from "@preact/signals";
import type { Descriptor, Layer, LuggerError, Operation, Overview } from "lugger";
import { navigate } from "../router.ts";
import { percent, plural } from "../text/format.ts";
import { canonical } from "../text/reference.ts";
import { alert, announce } from "./announce.ts";
import { type Live, type Lives, sum, take } from "./blobs.ts";
import { asError, confirmed, isCancelled, lugger } from "./host.ts";
import { refresh } from "./images.ts";
import { Log } from "./log.ts";
import { Newest } from "./newest.ts";

export type Doing = "looking" | "pulling" | "examining";

/** How often what streams is shown. */
const EVERY_MS = 80;

export class Subject {
  readonly overview = signal<Overview | null>(null);
  readonly lives = signal<Lives>(new Map());
  readonly doing = signal<Doing | null>("looking");
  readonly failed = signal<{ why: LuggerError; during: Doing } | null>(null);
  /** What is shown of its other platforms until this one is known. */
  previous: Overview | null = null;
  readonly log = new Log();
  readonly progress = computed(() => sum(this.lives.value, this.doing.value === "examining"));
  /** Whether all layers that can be unpacked were: there are compressions that are not looked into. */
  readonly examined = signal(false);

  #lives = new Map<string, Live>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #told = 0;
  #operation: Operation<unknown> | undefined;
  #closed = false;
  /** What is known meanwhile, while a pull runs. */
  readonly #glance = new Newest<Descriptor>(async (target) => {
    this.#show(await (await lugger()).inspect(this.name, { ...chosen(this.platform), target }));
  });

  constructor(
    public name: string,
    readonly platform: string | null,
  ) {}

  /** Shows what is here, else what the registry says; fetches it only if that is wanted: a link downloads nothing. Then verifies what was not. */
  start(pull: string | true | null): Promise<void> {
    return this.#run("looking", async () => {
      const images = await refresh();
      const full = canonical(this.name);
      const here = images.find(({ name }) => name === this.name) ?? images.find(({ name }) => name === full);
      if (pull !== null) {
        await this.#pull(typeof pull === "string" ? pull : this.platform);
      } else if (here === undefined) {
        await this.#look(undefined);
      } else {
        this.#rename(here.name);
        await this.#look(here.target);
      }
      if (this.isWhole()) {
        await this.#examine();
      }
    });
  }

  /** Fetches what is missing, then verifies it. */
  pull(): Promise<void> {
    return this.#run("pulling", async () => {
      await this.#pull(this.platform ?? this.overview.value?.platform ?? null);
      await this.#examine();
    });
  }

  examine(): Promise<void> {
    return this.#run("examining", () => this.#examine());
  }

  cancel(): void {
    this.#operation?.cancel();
  }

  /** What was known of the same image, as long as nothing is known of this platform. */
  keep(before: Subject): void {
    this.previous = before.overview.value ?? before.previous;
  }

  /** Nobody looks at it any more. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#operation?.cancel();
  }

  /** Whether all of it is here. A layer with all its bytes is not, before its digest was looked at. */
  isWhole(): boolean {
    const overview = this.overview.value;
    return overview?.manifest != null && !overview.layers.some(isMissing);
  }

  /** Bytes that are not here. */
  missing(): number {
    const layers = this.overview.value?.layers ?? [];
    return layers.filter(isMissing).reduce((sum, { size, have }) => sum + size - have, 0);
  }

  async #run(first: Doing, act: () => Promise<void>): Promise<void> {
    this.failed.value = null;
    this.doing.value = first;
    try {
      await act();
    } catch (thrown) {
      if (!this.#closed && !isCancelled(thrown)) {
        const why = asError(thrown);
        this.failed.value = { why, during: this.doing.value ?? first };
        alert(why.message);
      } else if (!this.#closed) {
        announce("Stopped. What arrived stays.");
      }
      await this.#salvage();
    } finally {
      this.doing.value = null;
    }
  }

  /** What is here after something failed: known without asking anybody. */
  async #salvage(): Promise<void> {
    const target = this.overview.value?.target;
    if (!this.#closed && target !== undefined) {
      this.#forget();
      await this.#look(target).catch(() => undefined);
    }
  }

  async #pull(platform: string | null): Promise<void> {
    this.#begin("pulling");
    announce(`Fetching ${this.name}`);
    const pulled = await confirmed(async () => this.#follow((await lugger()).pull(this.name, chosen(platform))));
    await this.#glance.stop();
    this.#rename(pulled.name);
    await this.#look(pulled.target);
    this.#forget();
    announce(`${pulled.name} is here, every digest verified`);
    await refresh();
  }

  async #examine(): Promise<void> {
    const before = this.overview.value;
    if (before === null || !before.layers.some(({ state }) => state === "stored")) {
      return;
    }
    this.#begin("examining");
    for (const { digest, size, state } of before.layers) {
      this.#lives.set(digest, {
        phase: state === "examined" ? "examined" : "stored",
        done: 0,
        total: size,
        unpacked: null,
      });
    }
    this.#publish();
    const after = await this.#follow((await lugger()).examine(this.name, chosen(this.platform)));
    this.#show(after);
    this.#forget();
    this.examined.value = true;
    const damaged = after.layers.filter(({ state }) => state === "damaged").length;
    if (damaged > 0) {
      alert(`${plural(damaged, "layer")} does not unpack to what the configuration says`);
    } else {
      const sound = after.layers.filter(({ state }) => state === "examined").length;
      announce(`${sound} of ${plural(after.layers.length, "layer")} unpacked and verified`);
    }
  }

  /** Asks for the overview. With a target it is what is here, and nobody else is asked. */
  async #look(target: Descriptor | undefined): Promise<void> {
    const options = { ...chosen(this.platform), ...(target && { target }) };
    this.#show(
      await confirmed(async () => {
        const operation = this.#hold((await lugger()).inspect(this.name, options));
        for await (const event of operation) {
          this.log.take(event);
        }
        return await operation;
      }),
    );
  }

  async #follow<T>(operation: Operation<T>): Promise<T> {
    this.#hold(operation);
    let target: Descriptor | undefined;
    for await (const event of operation) {
      if (take(this.#lives, event, this.doing.value === "examining")) {
        this.#timer ??= setTimeout(() => this.#publish(), EVERY_MS);
      }
      this.log.take(event);
      if (event.event === "resolved") {
        target = event.target;
        this.#rename(event.name);
      }
      if (target !== undefined && (event.event === "resolved" || event.event === "loaded")) {
        this.#glance.wish(target);
      }
    }
    return await operation;
  }

  /** What is cancelled if the user wants to stop. */
  #hold<O extends Operation<unknown>>(operation: O): O {
    this.#operation = operation;
    if (this.#closed) {
      operation.cancel();
    }
    return operation;
  }

  #begin(doing: Doing): void {
    if (!this.#closed) {
      this.doing.value = doing;
    }
    this.#forget();
    this.#told = 0;
  }

  #publish(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.lives.value = new Map(this.#lives);
    const { done, total } = this.progress.value;
    const quarter = Math.floor(percent(done, total) / 25);
    if (quarter > this.#told && quarter < 4) {
      this.#told = quarter;
      announce(`${quarter * 25} %`);
    }
  }

  #forget(): void {
    this.#lives = new Map();
    this.log.note.value = null;
    this.#publish();
  }

  #show(overview: Overview): void {
    if (!this.#closed) {
      this.overview.value = overview;
    }
  }

  /** The name as the store has it; the address follows. */
  #rename(name: string): void {
    if (name !== this.name && !this.#closed) {
      this.name = name;
      navigate({ screen: "image", name, platform: this.platform }, { replace: true });
    }
  }
}

function isMissing({ state }: Layer): boolean {
  return state === "absent" || state === "partial";
}

function chosen(platform: string | null): { platform?: string } {
  return platform === null ? {} : { platform };
}
