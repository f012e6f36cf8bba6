// The page with its Rust half, on a static host: files that are opened, a registry that lets pages read, and one that does not.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { layout, makeImage, serveRegistry, tar, write } from "./fixture.mjs";
import { accessible, launch, openPage, picture } from "./harness.mjs";
import { builtPage } from "./target.mjs";

const NAME = "example.com/team/app:1";
const MISSING = "the Rust half is not built: ../host-wasm/package/README.md";

let browser;
let served;
let folder;
let open;
let closed;

before(async () => {
  served = await builtPage();
  browser = await launch();
  folder = mkdtempSync(path.join(tmpdir(), "lugger-page-"));
  const image = makeImage();
  write(path.join(folder, "layout"), layout(image, NAME));
  writeFileSync(path.join(folder, "image.tar"), tar(layout(image, NAME)));
  writeFileSync(path.join(folder, "damaged.tar"), tar(layout(makeImage({ damaged: true }), NAME)));
  open = await serveRegistry({ "team/app": image });
  closed = await serveRegistry({ "team/app": image }, { cors: false });
});

after(async () => {
  await browser?.close();
  await served?.stop();
  await open?.stop();
  await closed?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const verified = (page) => page.getByText("Verified to the last byte").waitFor();

async function openImage(page, name) {
  await page.goto(served.url);
  await page.getByRole("combobox", { name: "Image reference" }).fill(name);
  await page.keyboard.press("Enter");
}

test("an archive is opened, verified, and there after a reload", async (t) => {
  if (served === null) {
    return t.skip(MISSING);
  }
  const { page, done } = await openPage(browser);
  await page.goto(served.url);
  await page.getByLabel("Image files").setInputFiles(path.join(folder, "image.tar"));
  await verified(page);
  await page.getByText("a\\u{202e}b<script>alert(1)</script>").waitFor();
  await page.getByText("Nobody was contacted").waitFor();
  await accessible(page);
  await picture(page, "real-archive", { fullPage: true });
  await page.reload();
  await verified(page);
  await done();
});

test("a folder is opened", async (t) => {
  if (served === null) {
    return t.skip(MISSING);
  }
  const { page, done } = await openPage(browser);
  await page.goto(served.url);
  await page.getByLabel("Image folder").setInputFiles(path.join(folder, "layout"));
  await verified(page);
  await done();
});

test("a damaged layer is named", async (t) => {
  if (served === null) {
    return t.skip(MISSING);
  }
  const { page, done } = await openPage(browser);
  await page.goto(served.url);
  await page.getByLabel("Image files").setInputFiles(path.join(folder, "damaged.tar"));
  await page.getByText("1 layer damaged").waitFor();
  await done();
});

test("an image comes straight from a registry, one platform after the other, and only once", async (t) => {
  if (served === null) {
    return t.skip(MISSING);
  }
  const { page, done } = await openPage(browser);
  await openImage(page, `${open.host}/team/app:1`);
  await verified(page);
  await page.getByRole("tab", { name: "linux/arm64" }).click();
  await page.getByText("This platform is not here").waitFor();
  await page.getByRole("button", { name: "Fetch" }).click();
  await verified(page);
  const asked = open.asked.length;
  await page.reload();
  await verified(page);
  assert.deepEqual(open.asked.slice(asked), []);
  await done();
});

test("a registry that lets no page read is explained", async (t) => {
  if (served === null) {
    return t.skip(MISSING);
  }
  const { page, done } = await openPage(browser, { tolerate: /CORS|Failed to load|ERR_FAILED|ERR_ABORTED/ });
  await openImage(page, `${closed.host}/team/app:1`);
  await page.getByRole("heading", { name: "does not let pages read" }).waitFor();
  await page.getByText(`lugger serve ${closed.host}/team/app:1`).waitFor();
  await done();
});
