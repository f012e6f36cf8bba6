/** The image that is looked at: what is known of it, and what goes on with it. */

import { computed, effect, signal, untracked } from "@preact/signals";
import type { Descriptor, Layer, LuggerError, Overview } from "lugger";
import { navigate } from "../router.ts";
import { plural } from "../text/format.ts";
import { canonical } from "../text/reference.ts";
import { alert, announce } from "./announce.ts";
import { isMissing, type Lives, unexamined } from "./blobs.ts";
import { type Archive, read } from "./files.ts";
import { asError, confirmed, isCancelled, lugger } from "./host.ts";
import { refresh } from "./images.ts";
import { Log } from "./log.ts";
import { Newest } from "./newest.ts";
import { type Doing as Does, Work } from "./work.ts";

export type Doing = "looking" | Does;

const NONE: Lives = new Map();

export class Subject {
  readonly overview = signal<Overview | null>(null);
  /** What brings the image or looks into it now. */
  readonly work = signal<Work<unknown> | null>(null);
  readonly lives = computed(() => this.work.value?.lives.value ?? NONE);
  readonly progress = computed(() => this.work.value?.progress.value ?? { done: 0, total: 0 });
  readonly doing = signal<Doing | null>("looking");
  /** What went wrong, and what does it once more. */
  readonly failed = signal<{ why: LuggerError; again: () => Promise<void> } | null>(null);
  /** What is shown of its other platforms until this one is known. */
  previous: Overview | null = null;
  readonly log: Log;
  /** Whether all layers that can be unpacked were: there are compressions that are not looked into. */
  readonly examined = signal(false);

  #operation: { cancel(): void } | undefined;
  /** Whether the user wants it to stop, also between two operations. */
  #stopped = false;
  #closed = false;
  /** What is known meanwhile, while something brings it. */
  readonly #glance = new Newest<Descriptor>(async (target) => {
    this.#show(await (await lugger()).inspect(this.name, { ...chosen(this.platform), target }));
  });

  /** `archive` is where it comes from, if that is being read. */
  constructor(
    public name: string,
    readonly platform: string | null,
    readonly archive: Archive | null,
  ) {
    this.log = archive?.work.log ?? new Log();
  }

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
    const platform = this.platform ?? this.overview.value?.platform ?? null;
    return this.#run("pulling", async () => {
      await this.#pull(platform);
      await this.#examine();
    });
  }

  /** Shows what comes out of an archive that is being read, then verifies what was not. */
  open(archive: Archive | Promise<Archive>): Promise<void> {
    return this.#run("opening", async () => {
      const { images } = await this.#attend((await archive).work);
      await this.#look(images.find(({ name }) => name === this.name)?.target);
      this.#forget();
      this.#judge();
      await this.#examine();
    });
  }

  /** Reads its archive once more: what arrived is not read again. */
  reopen({ given }: Archive): Promise<void> {
    return this.open(read(given, this.log));
  }

  examine(): Promise<void> {
    return this.#run("examining", () => this.#examine());
  }

  cancel(): void {
    this.#stopped = true;
    this.#operation?.cancel();
  }

  /** What was known of the same image, as long as nothing is known of this platform. */
  keep(before: Subject): void {
    this.previous = before.overview.value ?? before.previous;
  }

  /** Nobody looks at it any more. An archive is read to its end, also if that has just begun: there may be others in it. */
  close(): void {
    this.#closed = true;
    if (this.doing.value !== "opening") {
      this.#operation?.cancel();
    }
  }

  /** Whether all of it is here, under this name: layers can be of others, too. */
  isWhole(): boolean {
    const overview = this.overview.value;
    return overview?.manifest != null && overview.stored && !overview.layers.some(isMissing);
  }

  /** Bytes that are not here. */
  missing(): number {
    const layers = this.overview.value?.layers ?? [];
    return layers.filter(isMissing).reduce((sum, { size, have }) => sum + size - have, 0);
  }

  async #run(first: Doing, act: () => Promise<void>): Promise<void> {
    this.#stopped = false;
    this.failed.value = null;
    this.doing.value = first;
    try {
      await act();
    } catch (thrown) {
      this.#stopped = false;
      // Nobody is told, and can try again, before all of it is over.
      await this.#salvage();
      if (!this.#closed && !isCancelled(thrown)) {
        const why = asError(thrown);
        this.failed.value = { why, again: this.#again(() => this.#run(first, act)) };
        alert(why.message);
      } else if (!this.#closed) {
        announce("Stopped. What arrived stays.");
      }
    } finally {
      this.doing.value = null;
    }
  }

  /** What does once more what failed: all of `run`, unless only its last step did, or it attended an archive that is closed. */
  #again(run: () => Promise<void>): () => Promise<void> {
    const { archive } = this;
    if (this.doing.value === "examining") {
      return () => this.examine();
    }
    return archive === null ? run : () => this.reopen(archive);
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
    announce(`Fetching ${this.name}`);
    const pulled = await confirmed(async () => {
      const operation = (await lugger()).pull(this.name, chosen(platform));
      return await this.#attend(new Work(operation, "pulling", this.log));
    });
    this.#rename(pulled.name);
    await this.#look(pulled.target);
    this.#forget();
    announce(`${pulled.name} is here, every digest verified`);
    await refresh();
  }

  async #examine(): Promise<void> {
    const layers = unexamined(this.overview.value?.layers ?? []);
    if (layers.size === 0) {
      return;
    }
    const operation = (await lugger()).examine(this.name, chosen(this.platform));
    const after = await this.#begin(new Work(operation, "examining", this.log, layers)).result;
    this.#show(after);
    this.#forget();
    this.examined.value = true;
    this.#judge();
  }

  /** Tells what is known of the layers. */
  #judge(): void {
    const layers = this.overview.value?.layers ?? [];
    const count = (wanted: Layer["state"]) => layers.filter(({ state }) => state === wanted).length;
    const damaged = count("damaged");
    if (damaged > 0) {
      alert(`${plural(damaged, "layer")} does not unpack to what the configuration says`);
    } else {
      announce(`${count("examined")} of ${plural(layers.length, "layer")} unpacked and verified`);
    }
  }

  /** Asks for the overview. With a target it is what is here, and nobody else is asked. */
  async #look(target: Descriptor | undefined): Promise<void> {
    const options = { ...chosen(this.platform), ...(target && { target }) };
    this.#show(
      await confirmed(async () => {
        const operation = (await lugger()).inspect(this.name, options);
        this.#hold(operation);
        for await (const event of operation) {
          this.log.take(event);
        }
        return await operation;
      }),
    );
  }

  /** Shows what becomes known while an operation brings the image. */
  async #attend<T>(work: Work<T>): Promise<T> {
    this.#begin(work);
    // A pull tells of the configuration as of any blob: that it is here.
    const configured = computed(() => {
      const config = this.overview.value?.config;
      return config != null && work.lives.value.get(config.digest)?.phase === "stored";
    });
    const stop = effect(() => {
      const images = work.images.value;
      work.news.value;
      configured.value;
      // A pull finds one image, whatever it is called in the store; an archive has others, which this is not.
      const image =
        images.find(({ name }) => name === this.name) ?? (work.doing === "pulling" ? images.at(-1) : undefined);
      untracked(() => {
        if (image !== undefined && !this.#closed) {
          this.#rename(image.name);
          this.#glance.wish(image.target);
        }
      });
    });
    try {
      return await work.result;
    } finally {
      stop();
      await this.#glance.stop();
    }
  }

  #begin<W extends Work<unknown>>(work: W): W {
    if (!this.#closed) {
      this.doing.value = work.doing;
      this.work.value = work;
      this.#hold(work);
    } else if (work.doing !== "opening") {
      work.cancel();
    }
    return work;
  }

  /** What is cancelled if the user wants to stop, or is gone already. */
  #hold(operation: { cancel(): void }): void {
    this.#operation = operation;
    if (this.#closed || this.#stopped) {
      operation.cancel();
    }
  }

  #forget(): void {
    this.work.value = null;
    this.log.note.value = null;
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

function chosen(platform: string | null): { platform?: string } {
  return platform === null ? {} : { platform };
}
