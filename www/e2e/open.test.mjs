import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessible, launch, openPage, overflows, picture } from "./harness.mjs";
import { makeImage } from "./image.mjs";
import { serveRegistry } from "./registry.mjs";
import { box, builtPage, copied, openImage, verified } from "./site.mjs";

let browser;
let at;
let registry;
let name;

before(async () => {
  at = await builtPage();
  registry = await serveRegistry({ "team/app": makeImage() });
  name = `${registry.host}/team/app:1.4`;
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await at?.stop();
  await registry?.stop();
});

test("the first screen says what it can do, to everybody", async () => {
  const { page, done } = await openPage(browser);
  await page.goto(at.url);
  await page.getByText("No image yet").waitFor();
  assert.equal(await page.title(), "Lugger");
  await accessible(page);
  await done();
});

test("it fits every window", async () => {
  for (const width of [320, 768, 1280, 3840]) {
    const { page, done } = await openPage(browser, { viewport: { width, height: 900 } });
    await page.goto(at.url);
    await page.getByRole("heading", { name: "Three ways in" }).waitFor();
    assert.equal(await overflows(page), false, `${width}`);
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      await picture(page, `open-${width}-${colorScheme}`, { fullPage: true });
    }
    await done();
  }
});

test("a slash leads to the box, and a wrong name is explained", async () => {
  const { page, done } = await openPage(browser);
  await page.goto(at.url);
  await box(page).waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("https://ghcr.io/a/b");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").filter({ hasText: "Leave out https://" }).waitFor();
  assert.equal(await box(page).getAttribute("aria-invalid"), "true");
  await accessible(page);
  await page.keyboard.press("Control+A");
  await page.keyboard.type(name);
  await page.keyboard.press("Enter");
  await verified(page);
  assert.match(page.url(), /#\/image\//);
  await done();
});

test("what was opened is listed, opens again, and is deleted when one says so", async () => {
  const { page, done } = await openPage(browser);
  await openImage(page, at.url, name);
  await verified(page);
  await page.goBack();
  const row = page.getByRole("listitem").filter({ has: page.getByRole("link", { name }) });
  await row.waitFor();
  await picture(page, "recent");
  await row.getByRole("link").click();
  await verified(page);
  await page.getByRole("link", { name: "Lugger" }).click();

  const trash = row.getByRole("button", { name: "Delete" });
  await trash.click();
  await page.getByRole("dialog").waitFor();
  await accessible(page);
  await picture(page, "delete");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  assert.ok(await trash.evaluate((element) => element === document.activeElement));

  await trash.click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await page.getByText("No image yet").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), "In this browser");
  await done();
});

test("everything is deleted at once", async () => {
  const { page, done } = await openPage(browser);
  await openImage(page, at.url, name);
  await verified(page);
  await page.goBack();
  await page.getByRole("button", { name: "Delete all" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete all" }).click();
  await page.getByText("No image yet").waitFor();
  await done();
});

test("the command that starts a bridge is copied", async () => {
  const { page, done } = await openPage(browser);
  await page.goto(at.url);
  assert.equal(await copied(page, "the command that starts a bridge"), "lugger serve");
  await done();
});

test("an address that leads nowhere says so, and the way from there leads on", async () => {
  const { page, done } = await openPage(browser);
  await page.goto(`${at.url}#/nowhere`);
  await page.getByRole("heading", { name: "There is nothing here" }).waitFor();
  await accessible(page);
  await page.getByRole("link", { name: "Open an image" }).click();
  await page.getByRole("heading", { name: "Open a container image" }).waitFor();
  await done();
});
