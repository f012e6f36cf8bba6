import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessible, drop, launch, openPage, overflows, picture } from "./harness.mjs";
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

const box = (page) => page.getByRole("combobox", { name: "Image reference" });
const verified = (page) => page.getByText("Verified to the last byte").waitFor();

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
  await page.keyboard.press("/");
  await page.keyboard.type("https://ghcr.io/a/b");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").filter({ hasText: "Leave out https://" }).waitFor();
  assert.equal(await box(page).getAttribute("aria-invalid"), "true");
  await accessible(page);
  await page.keyboard.press("Control+A");
  await page.keyboard.type(at.image);
  await page.keyboard.press("Enter");
  await verified(page);
  assert.match(page.url(), /#\/image\//);
  await done();
});

test("what was opened is listed, opens again, and is deleted when one says so", async () => {
  const { page, done } = await openPage(browser);
  await page.goto(at.url);
  await box(page).fill(at.image);
  await box(page).press("Enter");
  await verified(page);
  await page.goBack();
  const row = page.getByRole("listitem").filter({ has: page.getByRole("link", { name: at.image }) });
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
  await page.goto(at.url);
  await box(page).fill(at.image);
  await box(page).press("Enter");
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
  await page.getByRole("button", { name: "Copy the command that starts a bridge" }).click();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "lugger serve");
  await page.getByText("Copied the command").waitFor({ state: "attached" });
  await done();
});

test("a file that is dropped or chosen is opened", async (t) => {
  const { page, done } = await openPage(browser);
  await page.goto(at.url);
  await page.getByText("No image yet").waitFor();
  if (at.fake) {
    await drop(page, [{ name: "image.tar", base64: "AAAA" }]);
    await verified(page);
    await page.goBack();
    await page
      .getByLabel("Image files")
      .setInputFiles({ name: "x.txt", mimeType: "text/plain", buffer: Buffer.from("x") });
    await page.getByText("x.txt is not an archive of an image").first().waitFor();
    await accessible(page);
    await page.getByLabel("Image files").setInputFiles({ name: "slow.tar", mimeType: "", buffer: Buffer.alloc(1e6) });
    await page.getByRole("progressbar", { name: "Reading files" }).waitFor();
    await page.waitForTimeout(400);
    await picture(page, "reading");
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByText("Drop an image anywhere").waitFor();
  } else if (at.archive) {
    await page.getByLabel("Image files").setInputFiles(at.archive);
    await verified(page);
  } else {
    t.skip("LUGGER_ARCHIVE names none");
  }
  await done();
});

test("failures are explained", async (t) => {
  const { page, done } = await openPage(browser);
  if (!at.fake) {
    t.skip("only the stand-in fails on demand");
    return done();
  }
  const titles = {
    cors: "does not let pages read",
    denied: "Access denied",
    not_found: "no such image",
    network: "No answer",
    limited: "wants a pause",
    full: "No room left",
    content: "not what it should be",
    other: "did not work",
  };
  await page.goto(at.url);
  for (const [kind, title] of Object.entries(titles)) {
    await page.getByRole("combobox", { name: "Image reference" }).fill(FAKE.fails(kind));
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: title }).waitFor();
    await picture(page, `fails-${kind}`);
  }
  await page.goto(`${at.url}#/image/${FAKE.fails("cors")}`);
  const { fails } = FAKE;
  await page.getByText(`lugger serve ${fails("cors")}`).waitFor();
  await accessible(page);
  await page.goto(`${at.url}#/nowhere`);
  await page.getByRole("heading", { name: "There is nothing here" }).waitFor();
  await accessible(page);
  await done();
});
