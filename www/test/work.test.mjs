import assert from "node:assert/strict";
import { test } from "node:test";
import { Log } from "./out/www/src/state/log.js";
import { Work } from "./out/www/src/state/work.js";

const target = { mediaType: "", digest: "sha256:a", size: 1 };
const RESOLVED = { event: "resolved", name: "app", target };
const LOADED = { event: "loaded", document: target };

/** An operation that tells this, then ends. */
function operation(events, ended) {
  const promise = ended();
  promise.catch(() => undefined);
  // biome-ignore lint/suspicious/noThenProperty: it is a promise.
  return { then: promise.then.bind(promise), cancel: () => undefined, [Symbol.asyncIterator]: () => tell() };
  async function* tell() {
    yield* events;
    await promise;
  }
}

async function told(events, ended) {
  const work = new Work(operation(events, ended), "opening", new Log());
  await work.result.catch(() => undefined);
  return (await work.told).map(({ name }) => name);
}

test("images are told as soon as something of them is known, and not if that never was", async () => {
  const broken = async () => {
    throw new Error("it broke");
  };
  assert.deepEqual(await told([RESOLVED, LOADED], async () => null), ["app"]);
  assert.deepEqual(await told([RESOLVED, LOADED], broken), ["app"]);
  assert.deepEqual(await told([RESOLVED], broken), []);
});
