import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessible, launch, openPage, picture } from "./harness.mjs";
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

test("the token leaves the address, and the image that was named is fetched", async (t) => {
  const { page, done } = await openPage(browser);
  if (!at.fake) {
    t.skip("the real token is with whoever started the bridge");
    return done();
  }
  await page.goto(`${at.url}#t=s3cret&ref=${encodeURIComponent(FAKE.hostile)}`);
  await page.getByText("Verified to the last byte").waitFor();
  await page.getByText("Bridge connected").waitFor();
  assert.ok(!page.url().includes("s3cret"));
  assert.ok(!(await page.evaluate(() => document.documentElement.outerHTML)).includes("s3cret"));
  await page.reload();
  await page.getByText("Bridge connected").waitFor();
  await page.goto(`${at.url}#/`);
  await page.getByText("connected", { exact: true }).waitFor();
  await accessible(page);
  await picture(page, "bridge");
  await done();
});

test("a registry that nobody named is asked after a word of the user", async (t) => {
  const { page, done } = await openPage(browser);
  if (!at.fake) {
    t.skip("depends on what the bridge was started with");
    return done();
  }
  await page.goto(`${at.url}#t=s3cret`);
  const box = page.getByRole("combobox", { name: "Image reference" });
  await box.fill(FAKE.asked);
  await box.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Let lugger contact ghcr.io?" });
  await dialog.waitFor();
  await accessible(page);
  await picture(page, "confirm");
  await page.keyboard.press("Escape");
  await page.getByRole("heading", { name: "Not asked" }).waitFor();
  await page.getByRole("button", { name: "Try again" }).click();
  await dialog.getByRole("button", { name: "Allow" }).click();
  await page.getByText("Verified to the last byte").waitFor();
  await done();
});
