import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessible, launch, openPage, overflows, picture, shifts } from "./harness.mjs";
import { FAKE, target } from "./target.mjs";

let browser;
let at;

before(async () => {
  at = await target();
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await at?.stop();
});

const verified = (page) => page.getByText("Verified to the last byte").waitFor();

async function openImage(page, name) {
  await page.goto(at.url);
  await page.getByRole("combobox", { name: "Image reference" }).fill(name);
  await page.keyboard.press("Enter");
}

test("an image is shown whole, in every window, in light and dark", async () => {
  for (const width of [320, 768, 1280, 3840]) {
    const { page, done } = await openPage(browser, { viewport: { width, height: 900 } });
    await openImage(page, at.image);
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

test("as many layers as there can be, and a long name, fit the smallest window", async (t) => {
  const { page, done } = await openPage(browser, { viewport: { width: 320, height: 900 } });
  if (!at.fake) {
    t.skip("only the stand-in has such an image");
    return done();
  }
  await openImage(page, FAKE.many);
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
  const { page, context, done } = await openPage(browser);
  await openImage(page, at.image);
  await verified(page);
  assert.match(await page.title(), /1\.4|app|\w/);
  const digest = await page.locator(".digest code").textContent();
  await context.setOffline(!at.fake);
  if (at.fake) {
    await page.reload();
    await verified(page);
    await page.getByText("Nobody was contacted").waitFor();
    assert.equal(await page.locator(".digest code").textContent(), digest);
  }
  await context.setOffline(false);
  await page.goBack();
  await page.getByRole("heading", { name: "Open a container image" }).waitFor();
  await page.goForward();
  await verified(page);
  await done();
});

test("a link downloads nothing by itself", async () => {
  const { page, done } = await openPage(browser);
  await page.goto(`${at.url}#/image/${at.image}`);
  await page.getByRole("button", { name: /^Fetch \d/ }).waitFor();
  await page.getByText("not here").first().waitFor();
  await accessible(page);
  await page.getByRole("button", { name: /^Fetch \d/ }).click();
  await verified(page);
  await done();
});

test("platforms are tabs; attestations are folded under theirs", async (t) => {
  const { page, done } = await openPage(browser);
  if (!at.otherPlatform) {
    t.skip("LUGGER_OTHER_PLATFORM names none");
    return done();
  }
  await openImage(page, at.image);
  await verified(page);
  const tabs = page.getByRole("tab");
  await tabs.and(page.locator("[aria-selected=true]")).focus();
  await page.keyboard.press("End");
  assert.ok(await tabs.last().evaluate((tab) => tab === document.activeElement));
  await page.keyboard.press("ArrowRight");
  assert.ok(await tabs.first().evaluate((tab) => tab === document.activeElement));
  const other = page.getByRole("tab", { name: at.otherPlatform });
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
  if (at.fake) {
    await page.getByText("1 attestation").click();
    await page.getByText("attestation-manifest").waitFor();
  }
  await done();
});

test("the layer bar is walked with arrows and leads to the table", async () => {
  const { page, done } = await openPage(browser);
  await openImage(page, at.image);
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
  await openImage(page, at.image);
  await verified(page);
  const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
  await page.getByRole("button", { name: "Copy the digest", exact: true }).click();
  const digest = await clipboard();
  assert.match(digest, /^sha256:[0-9a-f]{64}$/);
  for (const tool of ["lugger", "crane", "skopeo"]) {
    await page.getByRole("button", { name: `Copy the ${tool} command` }).click();
    assert.match(await clipboard(), new RegExp(`^${tool} `));
  }
  assert.ok((await clipboard()).includes(digest));
  await done();
});

test("what streams is shown, told and stopped, and nothing jumps", async (t) => {
  const { page, done } = await openPage(browser);
  if (!at.fake) {
    t.skip("only the stand-in is slow on demand");
    return done();
  }
  await openImage(page, FAKE.slow);
  await page
    .getByText(/fetching \d+ %/)
    .first()
    .waitFor();
  await accessible(page);
  await picture(page, "pulling", { fullPage: true });
  const table = await page.locator(".layer-table").boundingBox();
  await page.getByText(/^(25|50) %$/).waitFor({ state: "attached" });
  await page.getByText("digest verified").nth(5).waitFor();
  assert.deepEqual(await page.locator(".layer-table").boundingBox(), table);
  await page.getByRole("button", { name: "Stop" }).click();
  await page
    .getByText(/% here/)
    .first()
    .waitFor();
  await page.getByRole("button", { name: /^Fetch \d/ }).click();
  await page.getByText("Unpacking and verifying").first().waitFor();
  await page
    .getByText(/unpacking \d+ %/)
    .first()
    .waitFor();
  await picture(page, "examining", { fullPage: true });
  assert.deepEqual(await page.locator(".layer-table").boundingBox(), table);
  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByRole("button", { name: "Unpack and verify" }).click();
  await verified(page);
  const moved = await shifts(page);
  assert.ok(moved < 0.05, `layout shift ${moved}`);
  await done();
});

test("text of others stays text", async (t) => {
  const { page, done } = await openPage(browser);
  if (!at.fake) {
    t.skip("hostile.test.mjs does this for the real one");
    return done();
  }
  await openImage(page, FAKE.hostile);
  await verified(page);
  await page.getByText("<script>alert(1)</script>").waitFor();
  assert.equal(await page.locator("main img, main script").count(), 0);
  const text = await page.locator("main").innerText();
  assert.ok(!/[\p{Cf}\p{Co}]/u.test(text));
  assert.ok(text.includes("\\u{202e}"));
  for (const link of await page.locator("main a[target]").all()) {
    assert.match(await link.getAttribute("href"), /^https?:/);
    assert.equal(await link.getAttribute("rel"), "noopener noreferrer");
  }
  assert.equal(await page.getByRole("link", { name: /javascript|secret/ }).count(), 0);
  await done();
});

test("a layer that does not unpack to its diffID is named", async (t) => {
  const { page, done } = await openPage(browser);
  if (!at.fake) {
    t.skip("only the stand-in has a damaged image");
    return done();
  }
  await openImage(page, FAKE.damaged);
  await page.getByText("1 layer damaged").waitFor();
  await accessible(page);
  await picture(page, "damaged", { fullPage: true });
  await done();
});
