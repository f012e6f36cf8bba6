// What the store of a browser goes through: tabs that die, tabs beside each other, no network, no room.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { launchIn } from "./harness.mjs";
import { makeImage } from "./image.mjs";
import { endless, plainImage, randomLayer } from "./layers.mjs";
import { browserMemory } from "./memory.mjs";
import { serveRegistry } from "./registry.mjs";
import { builtPage, enter, verified } from "./site.mjs";
import { ask, events, ingests, openTab } from "./tab.mjs";

const MIB = 1 << 20;
const NEVER = new Promise(() => undefined);

let served;
let folder;
let context;
let registry;

before(async () => {
  served = await builtPage();
});

after(() => served?.stop());

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "lugger-store-"));
  context = await launchIn(folder);
});

afterEach(async () => {
  await context?.close();
  await registry?.stop();
  registry = undefined;
  rmSync(folder, { recursive: true, force: true });
});

const transfers = (digest) => registry.served.get(digest) ?? [];
const sum = (transfers) => transfers.reduce((all, { sent }) => all + sent, 0);

/** Waits for something that no page tells. */
async function until(what, seconds = 60) {
  for (const end = performance.now() + seconds * 1000; !(await what()); ) {
    assert.ok(performance.now() < end, `not within ${seconds} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

// Less than what comes in ranges, and more: the one goes on with a prefix, the other with islands, too.
for (const size of [60, 96]) {
  test(`a tab that is killed while ${size} MiB come loses nothing that came`, async (t) => {
    const image = plainImage([randomLayer(size * MIB)]);
    const [[layer, { length }]] = image.blobs;
    let isKilled = false;
    // As long as the tab lives it does not get all.
    const before = () => (isKilled || sum(transfers(layer)) < 0.75 * length ? undefined : NEVER);
    registry = await serveRegistry({ app: image }, { pace: 6 * MIB, answer: () => ({ before }) });
    const first = await openTab(context, served.url);
    await enter(first, `${registry.host}/app:1`);
    // In the end it is told of all but two mebibytes of each connection; what of that is in ranges is noted a moment later.
    let told;
    await until(async () => {
      told = (await events(first, "moved")).findLast(({ digest }) => digest === layer)?.done;
      const [ingest] = await ingests(first);
      return told >= 0.65 * length && (size < 64 ? ingest.seen >= 32 * MIB : ingest.noted >= told);
    });
    const crashed = first.waitForEvent("crash");
    const session = await context.newCDPSession(first);
    // It never answers.
    session.send("Page.crash").catch(() => undefined);
    await crashed;
    isKilled = true;
    const earlier = transfers(layer).length;

    const second = await openTab(context, served.url);
    await ask(second, { op: "images" });
    const [{ seen }] = await ingests(second);
    await enter(second, `${registry.host}/app:1`);
    await verified(second);
    const [{ from }] = await events(second, "began");
    t.diagnostic(`${told} bytes were told, went on at ${from}, checkpoint at ${seen}`);
    assert.ok(from >= told, `of ${told} bytes it had ${from}`);
    if (size < 64) {
      // What follows the checkpoint is hashed again, and nothing before it.
      assert.ok(seen >= 32 * MIB, `of ${from} bytes ${seen} were not hashed again`);
      assert.equal(transfers(layer)[earlier].range, `bytes=${from}-`);
    }
    assert.equal(sum(transfers(layer).slice(earlier)), length - from, "nothing that was there is fetched again");
  });
}

test("two tabs that pull the same image fetch it once", async () => {
  const image = makeImage();
  let go;
  const waited = new Promise((resolve) => {
    go = resolve;
  });
  const answer = (_repository, what) => (what === "blobs" ? { before: () => waited } : undefined);
  registry = await serveRegistry({ app: image }, { answer });
  const tabs = await Promise.all([openTab(context, served.url), openTab(context, served.url)]);
  await Promise.all(tabs.map((tab) => enter(tab, `${registry.host}/app:1`)));
  await until(async () => (await Promise.all(tabs.map((tab) => events(tab, "waiting")))).flat().length > 0);
  go();
  await Promise.all(tabs.map(verified));
  assert.ok(registry.served.size > 3);
  for (const [digest, transfers] of registry.served) {
    const whole = [{ range: null, sent: image.blobs.get(digest).length }];
    assert.deepEqual(transfers, whole, digest);
  }
});

test("what was pulled is there without a network", async () => {
  const image = makeImage();
  registry = await serveRegistry({ app: image });
  const name = `${registry.host}/app:1`;
  const page = await openTab(context, served.url);
  await enter(page, name);
  await verified(page);
  await context.setOffline(true);
  await registry.stop();

  const works = async () => {
    const [{ name: stored, target }] = await ask(page, { op: "images" });
    assert.deepEqual([stored, target.digest], [name, image.target.digest]);
    const inspect = { op: "inspect", reference: name, platform: null, target };
    const { manifest, layers } = await ask(page, inspect);
    assert.deepEqual(new Set(layers.map(({ state }) => state)), new Set(["examined"]));
    const bytes = image.blobs.get(manifest.digest);
    assert.deepEqual(
      await ask(page, { op: "read", digest: manifest.digest, from: 0, length: null }),
      Array.from(bytes),
    );
    const [{ digest, size }] = layers;
    assert.deepEqual(
      await ask(page, { op: "read", digest, from: size - 1000, length: 1000 }),
      Array.from(image.blobs.get(digest).subarray(-1000)),
    );
    assert.deepEqual((await ask(page, { op: "examine", name, platform: null })).layers, layers);
  };
  await works();
  await page.getByRole("link", { name: "Lugger" }).first().click();
  await page.getByRole("heading", { name: "Open a container image" }).waitFor();
  await works();
  await page.locator(".images .image-name").click();
  await verified(page);
  await works();
});

test("a full store gives up the image that was not used for longest, and none in vain", async () => {
  const [a, b, c, large] = [12, 12, 12, 60].map((size) => plainImage([randomLayer(size * MIB)]));
  registry = await serveRegistry({ a, b, c, large });
  const name = (short) => `${registry.host}/${short}:1`;
  const page = await openTab(context, served.url);
  const session = await context.newCDPSession(page);
  const { origin } = new URL(served.url);
  await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 40 * MIB });
  const names = async () => (await ask(page, { op: "images" })).map(({ name }) => name).sort();
  const pull = (short) => ask(page, { op: "pull", reference: name(short), platform: null });
  const evicted = async () => (await events(page, "evicted")).map(({ name }) => name);

  await pull("a");
  // Times are whole seconds.
  await new Promise((resolve) => setTimeout(resolve, 1100));
  await pull("b");
  await new Promise((resolve) => setTimeout(resolve, 1100));
  await ask(page, { op: "inspect", reference: name("a"), platform: null, target: a.target });
  assert.deepEqual(await names(), [name("a"), name("b")]);

  await enter(page, name("c"));
  await verified(page);
  assert.deepEqual(await evicted(), [name("b")]);
  assert.deepEqual(await names(), [name("a"), name("c")]);

  await page.goto(`${served.url}#/`);
  await enter(page, name("large"));
  await page.getByRole("heading", { name: "No room left" }).waitFor();
  await page.getByText("The browser gives this page no more storage.").waitFor();
  await assert.rejects(pull("large"), /full: /);
  assert.deepEqual(await names(), [name("a"), name("c")]);
  for (const image of [a, c]) {
    const [digest] = image.blobs.keys();
    const tail = await ask(page, { op: "read", digest, from: 12 * MIB, length: 2000 });
    assert.deepEqual(tail, Array.from(image.blobs.get(digest).subarray(12 * MIB, 12 * MIB + 2000)));
  }
});

test("what is at work while everything is deleted stops, and leaves nothing behind", async () => {
  const image = makeImage();
  const [, late] = JSON.parse(image.blobs.get(image.target.digest)).manifests;
  // By then the other platform is here, and the pull has nothing open.
  const answer = (_repository, _what, digest) =>
    digest === late.digest ? { bytes: image.blobs.get(digest), pause: 3000 } : undefined;
  registry = await serveRegistry({ app: image }, { answer });
  const page = await openTab(context, served.url);
  const pulled = ask(page, { op: "pull", reference: `${registry.host}/app:1`, platform: "all" });
  const stopped = assert.rejects(pulled, /cancelled: /);
  await until(async () => (await events(page, "committed")).length >= 4);
  await ask(page, { op: "clear" });
  await stopped;
  assert.deepEqual(await ask(page, { op: "images" }), []);
  await ask(page, { op: "pull", reference: `${registry.host}/app:1`, platform: "all" });
  const [{ name }] = await ask(page, { op: "images" });
  await ask(page, { op: "examine", name, platform: "linux/arm64" });
});

test("memory stays flat however large a layer is", async (t) => {
  // With LUGGER_LONG a gibibyte.
  const blocks = process.env.LUGGER_LONG === "1" ? 1024 : 256;
  const image = plainImage([endless(blocks)]);
  const [layer] = image.blobs.keys();
  // Slow enough for the first part to be looked at more than a few times.
  registry = await serveRegistry({ app: image }, { pace: 64 * MIB });
  const page = await openTab(context, served.url);
  await ask(page, { op: "images" });
  const idle = browserMemory(folder);
  let over = false;
  const pulled = ask(page, { op: "pull", reference: `${registry.host}/app:1`, platform: null }).finally(() => {
    over = true;
  });
  // The most of the first part and the most of the rest: garbage comes and goes, some 60 MiB of it.
  const most = [0, 0];
  await until(() => {
    const late = sum(transfers(layer)) > 100e6 ? 1 : 0;
    most[late] = Math.max(most[late], browserMemory(folder));
    return over;
  }, 300);
  await pulled;
  const [early, late] = most.map((bytes) => Math.round((bytes - idle) / MIB));
  t.diagnostic(
    `over ${Math.round(idle / MIB)} MiB idle: up to ${early} MiB for 100 MB, up to ${late} MiB for ${blocks} MiB`,
  );
  // Of the smaller layer 160 MiB come in the rest.
  assert.ok(late - early < 128, `grew from ${early} to ${late} MiB`);
});
