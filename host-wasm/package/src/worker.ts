/** The worker: the Rust half on one side, the page's messages on the other. */

import { failure } from "./failure.ts";
import type { Request, Response } from "./protocol.ts";
import { wire } from "./protocol.ts";
import { Throttle } from "./throttle.ts";
import type { Event } from "./types.ts";
import init, { Host } from "./wasm/lugger.js";

let opened: Promise<Host> | undefined;

const post = (response: Response, transfer: Transferable[] = []) => self.postMessage(response, { transfer });

addEventListener("message", ({ data }: MessageEvent<Request>) => void handle(data));

async function handle(request: Request): Promise<void> {
  if (request.op === "cancel") {
    (await opened)?.cancel(request.target);
    return;
  }
  const id = request.op === "start" ? 0 : request.id;
  try {
    if (request.op === "start") {
      opened = init().then(() => Host.open(JSON.stringify(request.options)));
      await opened;
      post({ id, ok: null });
      return;
    }
    const host = await opened;
    if (host === undefined) {
      throw new Error("The first message has to be `start`");
    }
    if (request.op === "read") {
      const bytes = await host.read(request.digest, request.from, request.length ?? undefined);
      post({ id, ok: bytes }, [bytes.buffer]);
      return;
    }
    await run(host, request);
  } catch (thrown) {
    post({ id, failure: failure(thrown) });
  }
}

async function run(host: Host, request: Exclude<Request, { op: "start" | "read" | "cancel" }>): Promise<void> {
  const { id, ...ask } = request;
  const throttle = new Throttle((event) => post({ id, event }));
  const { json, files } = wire(ask);
  try {
    const result = await host.run(id, json, files, (event: string) => throttle.push(JSON.parse(event) as Event));
    throttle.flush();
    post({ id, ok: JSON.parse(result) });
  } catch (thrown) {
    throttle.flush();
    throw thrown;
  }
}
