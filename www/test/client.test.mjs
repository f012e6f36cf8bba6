import assert from "node:assert/strict";
import { test } from "node:test";
import { failure, LuggerError } from "./out/host-wasm/package/src/failure.js";
import { Lugger } from "./out/host-wasm/package/src/index.js";
import { Backlog, Running } from "./out/host-wasm/package/src/operation.js";
import { wire } from "./out/host-wasm/package/src/protocol.js";
import { Throttle } from "./out/host-wasm/package/src/throttle.js";
import { standing, sum, take, unexamined } from "./out/www/src/state/blobs.js";

const moved = (digest, done) => ({ event: "moved", digest, done });
const content = (digest, size) => ({ mediaType: "", digest, size });

test("a backlog keeps the newest of each download, and has an end", () => {
  const backlog = new Backlog();
  for (let done = 0; done < 5000; done++) {
    backlog.push(moved("a", done));
    backlog.push({ event: "warned", warning: `${done}` });
  }
  const left = [];
  for (let event = backlog.shift(); event; event = backlog.shift()) {
    left.push(event);
  }
  assert.equal(left.length, 1000);
  assert.deepEqual(
    left.filter(({ event }) => event === "moved"),
    [moved("a", 4999)],
  );
});

test("an operation gives its events, then its end", async () => {
  const running = new Running(1, () => assert.fail());
  running.tell(moved("a", 1));
  queueMicrotask(() => {
    running.tell(moved("a", 2));
    running.end({ ok: 42 });
  });
  const seen = [];
  for await (const event of running) {
    seen.push(event.done);
  }
  assert.deepEqual(seen, [1, 2]);
  assert.equal(await running, 42);
  running.cancel();
});

test("a loop over a failed operation throws what it failed with", async () => {
  const running = new Running(1, () => undefined);
  running.end({ failure: new LuggerError(failure("no")) });
  await assert.rejects(async () => {
    for await (const _ of running) {
      assert.fail();
    }
  }, /no/);
  await assert.rejects(running.then(), LuggerError);
});

test("loops over the same operation share its events, and all of them end", async () => {
  const running = new Running(1, () => undefined);
  const seen = [];
  const read = async () => {
    for await (const event of running) {
      seen.push(event.done);
    }
  };
  const loops = Promise.all([read(), read()]);
  for (const done of [1, 2, 3]) {
    await new Promise(setImmediate);
    running.tell(moved("a", done));
  }
  await new Promise(setImmediate);
  running.end({ ok: null });
  await loops;
  assert.deepEqual(seen, [1, 2, 3]);
});

test("an operation is stopped once, and not when it is over", () => {
  let stops = 0;
  const running = new Running(1, () => stops++);
  running.cancel();
  assert.equal(stops, 1);
  running.end({ ok: null });
  running.cancel();
  assert.equal(stops, 1);
});

test("of what moves, little is passed on, and in order", async () => {
  const sent = [];
  const throttle = new Throttle((event) => sent.push(event), 10_000);
  for (let done = 1; done <= 100; done++) {
    throttle.push(moved("a", done));
    throttle.push(moved("b", done));
  }
  assert.deepEqual(sent, [moved("a", 1), moved("b", 1)]);
  throttle.push({ event: "committed", content: content("a", 100) });
  assert.deepEqual(sent.slice(2, 4), [moved("a", 100), moved("b", 100)]);
  assert.equal(sent[4].event, "committed");
});

test("what moved last is passed on though nothing follows", async () => {
  const last = await new Promise((resolve) => {
    const throttle = new Throttle((event) => event.done === 2 && resolve(event), 20);
    throttle.push(moved("a", 1));
    throttle.push(moved("a", 2));
  });
  assert.deepEqual(last, moved("a", 2));
});

test("failures come from JSON, from errors, from anything", () => {
  assert.equal(failure('{"kind":"cors","message":"m"}').kind, "cors");
  assert.deepEqual(failure('{"kind":"cors","message":"m"}').attempts, []);
  assert.equal(failure("words").message, "words");
  assert.equal(failure(new Error("e")).kind, "other");
  assert.equal(failure(undefined).message, "undefined");
});

test("files go beside the request, in the order of its paths", () => {
  const files = [{ name: "a" }, { name: "b" }];
  const given = [
    { path: "x/a", file: files[0] },
    { path: "b", file: files[1] },
  ];
  assert.deepEqual(wire({ op: "open", files: given }), { json: '{"op":"open","paths":["x/a","b"]}', files });
});

test("how a layer stands follows from the store and from what happened since", () => {
  const lives = new Map();
  const layer = { digest: "a", size: 200, state: "absent", have: 0 };
  const said = () => standing(layer, lives);
  assert.deepEqual(said(), { state: "absent", percent: null });
  take(lives, { event: "planned", content: content("a", 200) }, "fetching");
  take(lives, { event: "began", digest: "a", from: 50 }, "fetching");
  assert.deepEqual(said(), { state: "fetching", percent: 25 });
  take(lives, moved("a", 199), "fetching");
  assert.deepEqual(said(), { state: "fetching", percent: 99 });
  assert.deepEqual(sum(lives), { done: 199, total: 200 });
  take(lives, { event: "discarded", digest: "a" }, "fetching");
  assert.deepEqual(said(), { state: "absent", percent: null });
  take(lives, { event: "committed", content: content("a", 200) }, "fetching");
  assert.deepEqual(said(), { state: "stored", percent: null });
  take(lives, { event: "examining", digest: "a", done: 100 }, "fetching");
  assert.deepEqual(said(), { state: "unpacking", percent: 50 });
  take(lives, { event: "examined", digest: "a", diff_id: "d", unpacked: { bytes: 1, entries: 1 } }, "fetching");
  assert.deepEqual(said(), { state: "examined", percent: null });
  assert.equal(take(lives, { event: "warned", warning: "w" }, "fetching"), false);
  take(lives, moved("a", 20), "reading");
  assert.deepEqual(said(), { state: "reading", percent: 10 });
  assert.deepEqual(standing({ ...layer, state: "partial", have: 100 }, new Map()), { state: "partial", percent: 50 });
  assert.deepEqual(standing({ ...layer, state: "damaged" }, lives), { state: "damaged", percent: null });
});

test("what is left to look into is what is here and was not looked into", () => {
  const layers = ["absent", "stored", "examined", "damaged"].map((state, at) => ({
    ...content(String(at), 100),
    state,
  }));
  const lives = unexamined(layers);
  assert.deepEqual([...lives.keys()], ["1"]);
  assert.deepEqual(sum(lives), { done: 0, total: 100 });
  assert.deepEqual(standing(layers[1], lives), { state: "stored", percent: null });
});

test("a worker that dies ends what runs there, says so, and takes nothing more", async (t) => {
  let worker;
  globalThis.Worker = class extends EventTarget {
    asked = [];
    terminated = 0;
    constructor() {
      super();
      worker = this;
    }
    postMessage({ op }) {
      this.asked.push(op);
      if (op === "start") {
        this.dispatchEvent(new MessageEvent("message", { data: { id: 0, ok: null } }));
      }
    }
    terminate() {
      this.terminated += 1;
    }
  };
  t.after(() => delete globalThis.Worker);
  const lugger = await Lugger.start();
  const pull = lugger.pull("app");
  worker.dispatchEvent(Object.assign(new Event("error"), { message: "unreachable" }));
  const why = await lugger.ended;
  assert.deepEqual([why.kind, why.message], ["other", "unreachable"]);
  await assert.rejects(pull.then(), why);
  await assert.rejects(lugger.images(), why);
  assert.deepEqual([worker.asked, worker.terminated], [["start", "pull"], 1]);
  lugger.close();
  assert.equal(await lugger.ended, why);

  const other = await Lugger.start();
  other.close();
  assert.equal((await other.ended).kind, "cancelled");
});
