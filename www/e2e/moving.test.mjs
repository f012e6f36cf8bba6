// What goes on is shown while it does, can be stopped, and nothing jumps: an image that comes slowly and unpacks slowly.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { accessible, launch, openPage, picture, shifts, slowReads } from "./harness.mjs";
import { makeImage, noise } from "./image.mjs";
import { serveRegistry } from "./registry.mjs";
import { builtPage, openImage, verified } from "./site.mjs";

/** So many pieces of the largest layer come until the page has stopped once. */
const HALF = 160;
const NEVER = new Promise(() => undefined);

const FILES = () => [
  { first: noise(700_000, "a") },
  { second: noise(21_000_000, "b") },
  { third: noise(20_000, "c") },
  { fourth: noise(500_000, "d") },
  { fifth: noise(400, "e") },
  { sixth: noise(200_000, "f") },
];

let browser;
let at;
let registry;
let quick = false;

before(async () => {
  at = await builtPage();
  const slow = makeImage({ files: FILES, architectures: ["amd64"] });
  const answer = (_repository, what) => {
    let pieces = 0;
    return quick || what !== "blobs" ? undefined : { before: () => (pieces++ < HALF ? sleep(50) : NEVER) };
  };
  registry = await serveRegistry({ "team/slow": slow }, { answer });
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await at?.stop();
  await registry?.stop();
});

/** Nothing has jumped since it had by so much. */
async function still(page, before = 0) {
  const moved = (await shifts(page)) - before;
  assert.ok(moved < 0.05, `layout shift ${moved}`);
}

test("what streams is shown, told and stopped, and nothing jumps", async () => {
  const { page, done } = await openPage(browser);
  await openImage(page, at.url, `${registry.host}/team/slow:1.4`);
  const table = page.locator(".layer-table");
  const first = (text) => page.getByText(text).first().waitFor();
  await first(/fetching \d+ %/);
  // What it says of itself is shown before its layers are here.
  await first("PATH=/usr/local/bin:/usr/bin:/bin");
  await accessible(page);
  await picture(page, "pulling", { fullPage: true });
  const place = await table.boundingBox();
  await page.getByText(/^(25|50|75) %$/).waitFor({ state: "attached" });
  await first("digest verified");
  assert.deepEqual(await table.boundingBox(), place);
  await still(page);
  await page.getByRole("button", { name: "Stop" }).click();
  await first(/% here/);
  await picture(page, "stopped", { fullPage: true });
  // What then appears was asked for, however long it took.
  const stopped = await shifts(page);

  quick = true;
  const hurry = await slowReads(page);
  await page.getByRole("button", { name: /^Fetch \d/ }).click();
  await first("Unpacking and verifying");
  await first(/unpacking [1-9]\d? %/);
  await picture(page, "examining", { fullPage: true });
  assert.deepEqual(await table.boundingBox(), place);
  await still(page, stopped);
  await page.getByRole("button", { name: "Stop" }).click();
  await hurry();
  await page.getByRole("button", { name: "Unpack and verify" }).click();
  await verified(page);
  await done();
});
