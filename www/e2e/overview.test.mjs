import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessible, launch, openPage, overflows, picture } from "./harness.mjs";
import { makeImage } from "./image.mjs";
import { serveRegistry } from "./registry.mjs";
import { builtPage, copied, openImage, verified } from "./site.mjs";

const LONG = `team/${"very-long-name-".repeat(8)}app`;

let browser;
let at;
let registry;
let name;

before(async () => {
  at = await builtPage();
  registry = await serveRegistry({
    "team/app": makeImage(),
    [LONG]: makeImage({ files: manyLayers, history: manySteps() }),
  });
  name = `${registry.host}/team/app:1.4`;
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await at?.stop();
  await registry?.stop();
});

/** As many layers as there can be. */
function manyLayers(architecture) {
  return Array.from({ length: 127 }, (_, n) => ({ [`file${n}`]: Buffer.alloc((n * 7919) % 90_000, architecture) }));
}

function manySteps() {
  return Array.from({ length: 127 }, (_, n) => ({ created_by: `COPY file${n} / # buildkit` }));
}

test("an image is shown whole, in every window, in light and dark", async () => {
  for (const width of [320, 768, 1280, 3840]) {
    const { page, done } = await openPage(browser, { viewport: { width, height: 900 } });
    await openImage(page, at.url, name);
    await verified(page);
    assert.equal(await overflows(page), false, `${width}`);
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      await picture(page, `overview-${width}-${colorScheme}`, { fullPage: true });
    }
    await accessible(page);
    await done();
  }
});

test("as many layers as there can be, and a long name, fit the smallest window", async () => {
  const { page, done } = await openPage(browser, { viewport: { width: 320, height: 900 } });
  await openImage(page, at.url, `${registry.host}/${LONG}:1.4`);
  await verified(page);
  assert.equal(await overflows(page), false);
  await picture(page, "many-320");
  const { x, width } = await page.locator(".layer-bar").boundingBox();
  const last = await page.locator(".segment").last().boundingBox();
  assert.ok(last.x + last.width <= x + width + 1, `${last.x + last.width} > ${x + width}`);
  await page.setViewportSize({ width: 1280, height: 900 });
  await picture(page, "many-1280");
  await done();
});

test("the address is the state: title, reload from the store, back and forward", async () => {
  const { page, done } = await openPage(browser);
  await openImage(page, at.url, name);
  await verified(page);
  assert.match(await page.title(), /team\/app:1\.4 – Lugger$/);
  const digest = await page.locator(".digest code").textContent();
  const asked = registry.asked.length;
  await page.reload();
  await verified(page);
  await page.getByText("Nobody was contacted").waitFor();
  assert.equal(await page.locator(".digest code").textContent(), digest);
  assert.equal(registry.asked.length, asked);
  await page.goBack();
  await page.getByRole("heading", { name: "Open a container image" }).waitFor();
  await page.goForward();
  await verified(page);
  await done();
});

test("a link downloads nothing by itself", async () => {
  const { page, done } = await openPage(browser);
  await page.goto(`${at.url}#/image/${name}`);
  await page.getByRole("button", { name: /^Fetch \d/ }).waitFor();
  await page.getByText("not here").first().waitFor();
  await accessible(page);
  await page.getByRole("button", { name: /^Fetch \d/ }).click();
  await verified(page);
  await done();
});

test("platforms are tabs; attestations are folded under theirs", async () => {
  const { page, done } = await openPage(browser);
  await openImage(page, at.url, name);
  await verified(page);
  const tabs = page.getByRole("tab");
  await tabs.and(page.locator("[aria-selected=true]")).focus();
  await page.keyboard.press("End");
  assert.ok(await tabs.last().evaluate((tab) => tab === document.activeElement));
  await page.keyboard.press("ArrowRight");
  assert.ok(await tabs.first().evaluate((tab) => tab === document.activeElement));
  const other = page.getByRole("tab", { name: "linux/arm64" });
  await other.focus();
  await page.keyboard.press("Enter");
  await page.getByText("This platform is not here").waitFor();
  assert.equal(await other.getAttribute("aria-selected"), "true");
  assert.ok(await other.evaluate((tab) => tab === document.activeElement));
  assert.match(page.url(), /\?platform=linux/);
  await accessible(page);
  await picture(page, "other-platform");
  await page.getByRole("button", { name: "Fetch" }).click();
  await verified(page);
  await page.goBack();
  await verified(page);
  await page.getByText("1 attestation").click();
  await page.getByText("attestation-manifest").waitFor();
  await done();
});

test("the layer bar is walked with arrows and leads to the table", async () => {
  const { page, done } = await openPage(browser);
  await openImage(page, at.url, name);
  await verified(page);
  const segments = page.getByRole("group", { name: "Layers by size" }).getByRole("button");
  await segments.first().focus();
  await page.getByText(/^Layer 1 of/).waitFor();
  await page.keyboard.press("ArrowRight");
  await page.getByText(/^Layer 2 of .* verified/).waitFor();
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "layer-1");
  assert.equal(await segments.count(), await page.locator(".layer-table tbody tr").count());
  await done();
});

test("digest and commands are copied", async () => {
  const { page, done } = await openPage(browser);
  await openImage(page, at.url, name);
  await verified(page);
  const digest = await copied(page, "the digest");
  assert.match(digest, /^sha256:[0-9a-f]{64}$/);
  let command;
  for (const tool of ["lugger", "crane", "skopeo"]) {
    command = await copied(page, `the ${tool} command`);
    assert.match(command, new RegExp(`^${tool} `));
  }
  assert.ok(command.includes(digest));
  await done();
});
