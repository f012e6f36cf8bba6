/** Lugger in a page: each operation runs in a worker of its own module, where the Rust half is. */

import { failure, LuggerError } from "./failure.ts";
import { type Operation, Running } from "./operation.ts";
import type { Ask, Op, Operations, Request, Response } from "./protocol.ts";
import type { Given, Image, ImageOptions, InspectOptions, Opened, Options, Overview, Pulled } from "./types.ts";

export { LuggerError } from "./failure.ts";
export type { Operation } from "./operation.ts";
export type * from "./types.ts";

type Answer<O extends Op> = Operations[O]["answer"];

/** A store of images in this browser, and what fills it. Close it when it is not needed: it owns a worker. */
export class Lugger {
  /** Why the worker is gone, once it is: closed (kind `cancelled`), or dead. Whatever runs then, or is asked for later, rejects with it. */
  readonly ended: Promise<LuggerError>;
  #end!: (why: LuggerError) => void;
  readonly #worker: Worker;
  readonly #running = new Map<number, Running<unknown>>();
  #last = 0;
  #closed: LuggerError | undefined;

  private constructor(worker: Worker) {
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#worker = worker;
    worker.addEventListener("message", ({ data }: MessageEvent<Response>) => this.#receive(data));
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.#stop(event.message || "The worker of Lugger could not be loaded");
    });
    worker.addEventListener("messageerror", () => this.#stop("A message of Lugger's worker could not be read"));
  }

  /** Starts the worker and opens the store of this origin. */
  static async start(options: Options = {}): Promise<Lugger> {
    const lugger = new Lugger(new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "lugger" }));
    const ready = lugger.#expect<null>(0);
    lugger.#post({ op: "start", options });
    try {
      await ready;
    } catch (why) {
      lugger.close();
      throw why;
    }
    return lugger;
  }

  /** Fetches what is missing of an image, verifies it, and names it in the store. */
  pull(reference: string, options: ImageOptions = {}): Operation<Pulled> {
    return this.#ask({ op: "pull", reference, platform: options.platform ?? null });
  }

  /** Stores what is in an archive, a folder, or several of their files, and looks into the layers on the way. All images are told (`resolved`) before anything of them comes. */
  open(files: Given[]): Operation<Opened> {
    return this.#ask({ op: "open", files });
  }

  /** Unpacks the stored layers of an image in the worker, checks their diffIDs and counts what is in them. */
  examine(name: string, options: ImageOptions = {}): Operation<Overview> {
    return this.#ask({ op: "examine", name, platform: options.platform ?? null });
  }

  /** What an image says of itself: from the store, else from its registry, without layers. */
  inspect(reference: string, options: InspectOptions = {}): Operation<Overview> {
    const { platform = null, target = null } = options;
    return this.#ask({ op: "inspect", reference, platform, target });
  }

  /** The names in the store. */
  async images(): Promise<Image[]> {
    return await this.#ask({ op: "images" });
  }

  /** Removes a name, and what only it needs. */
  async remove(name: string): Promise<void> {
    await this.#ask({ op: "remove", name });
  }

  /** Stops whatever is at work here, then removes everything. */
  async clear(): Promise<void> {
    await this.#ask({ op: "clear" });
  }

  /** Bytes of stored content: all of them, or `length` of them from `from` on. */
  async read(digest: string, from = 0, length?: number): Promise<Uint8Array> {
    const running = this.#expect<Uint8Array>(++this.#last);
    this.#post({ op: "read", id: running.id, digest, from, length: length ?? null });
    return await running;
  }

  /** Tells the bridge that the user wants it to contact this registry (failure `confirm`). */
  async allow(registry: string): Promise<void> {
    await this.#ask({ op: "allow", registry });
  }

  /** Ends the worker and whatever it does. What arrived stays. */
  close(): void {
    this.#stop("Lugger was closed", "cancelled");
  }

  #ask<O extends Op>(ask: Ask<O>): Running<Answer<O>> {
    const running = this.#expect<Answer<O>>(++this.#last);
    this.#post({ ...(ask as Ask), id: running.id });
    return running;
  }

  #expect<T>(id: number): Running<T> {
    const running = new Running<T>(id, () => this.#post({ op: "cancel", target: id }));
    if (this.#closed === undefined) {
      this.#running.set(id, running as Running<unknown>);
    } else {
      running.end({ failure: this.#closed });
    }
    return running;
  }

  #post(request: Request): void {
    if (this.#closed === undefined) {
      this.#worker.postMessage(request);
    }
  }

  #receive(response: Response): void {
    const running = this.#running.get(response.id);
    if (running === undefined) {
      return;
    }
    if ("event" in response) {
      running.tell(response.event);
      return;
    }
    this.#running.delete(response.id);
    running.end("failure" in response ? { failure: new LuggerError(response.failure) } : response);
  }

  /** The worker is gone, and with it everything that ran there. */
  #stop(message: string, kind: "cancelled" | "other" = "other"): void {
    this.#closed ??= new LuggerError({ ...failure(message), kind });
    this.#end(this.#closed);
    this.#worker.terminate();
    for (const running of this.#running.values()) {
      running.end({ failure: this.#closed });
    }
    this.#running.clear();
  }
}
