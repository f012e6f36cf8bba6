// Files and folders that are dropped or chosen: nobody is asked, and what is wrong with them is said.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { accessible, drop, launch, openPage, picture } from "./harness.mjs";
import { layout, makeImage, OCI, sha256, tar, tarHeader, write } from "./image.mjs";
import { builtPage, verified } from "./site.mjs";

const NAME = "example.com/team/app:1";

let browser;
let at;
let folder;

before(async () => {
  at = await builtPage();
  browser = await launch();
  folder = mkdtempSync(path.join(tmpdir(), "lugger-page-"));
  const files = layout(makeImage(), NAME);
  write(path.join(folder, "layout"), files);
  writeFileSync(path.join(folder, "image.tar"), tar(files));
  writeFileSync(path.join(folder, "damaged.tar"), tar(layout(makeImage({ damaged: true }), NAME)));
  writeFileSync(path.join(folder, "broken.tar"), tar(broken(files)));
  writeFileSync(path.join(folder, "cut.tar"), tar(files).subarray(0, 2_000_000));
  writeFileSync(path.join(folder, "x.txt"), "x");
  large(path.join(folder, "large.tar"));
});

after(async () => {
  await browser?.close();
  await at?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** With a byte of its largest blob changed. */
function broken(files) {
  const [name, bytes] = Object.entries(files).find(([, { length }]) => length > 1_000_000);
  return { ...files, [name]: Buffer.concat([bytes.subarray(0, -1), Buffer.of(bytes.at(-1) ^ 1)]) };
}

/** An archive with a layer so large that one sees it being read. Nothing of that takes room on the disk. */
function large(place) {
  const size = 1e9;
  const digest = sha256(Buffer.from("it never gets that far"));
  const layers = [{ mediaType: `${OCI}.layer.v1.tar`, digest, size }];
  const image = makeImage({ files: () => [{}], manifest: { layers } });
  const start = Buffer.concat([
    tar(layout(image, NAME)).subarray(0, -1024),
    tarHeader(`blobs/${digest.replace(":", "/")}`, size),
  ]);
  writeFileSync(place, start);
  truncateSync(place, start.length + size + 1024);
}

const choose = (page, name) => page.getByLabel("Image files").setInputFiles(path.join(folder, name));

test("an archive is opened, verified, and there after a reload", async () => {
  const { page, done } = await openPage(browser);
  await page.goto(at.url);
  await choose(page, "image.tar");
  await verified(page);
  await page.getByText("Nobody was contacted").waitFor();
  await accessible(page);
  await page.reload();
  await verified(page);
  await done();
});

test("a folder is chosen or dropped", async () => {
  const { page, done } = await openPage(browser);
  await page.goto(at.url);
  await page.getByLabel("Image folder").setInputFiles(path.join(folder, "layout"));
  await verified(page);
  await page.goto(at.url);
  await drop(page, [path.join(folder, "layout")]);
  await verified(page);
  await done();
});

test("an archive is dropped, also onto another image", async () => {
  const { page, done } = await openPage(browser);
  await page.goto(at.url);
  await drop(page, [path.join(folder, "image.tar")]);
  await verified(page);
  await drop(page, [path.join(folder, "damaged.tar")]);
  await page.getByText("1 layer damaged").waitFor();
  await done();
});

test("a layer that does not unpack to its diffID is named", async () => {
  const { page, done } = await openPage(browser);
  await page.goto(at.url);
  await choose(page, "damaged.tar");
  await page.getByText("1 layer damaged").waitFor();
  await accessible(page);
  await picture(page, "damaged", { fullPage: true });
  await done();
});

for (const [file, words] of [
  ["x.txt", "the tar archive ends too early, at byte 1"],
  ["broken.tar", /: the content has digest sha256/],
  ["cut.tar", "ends too early"],
]) {
  test(`${file} is refused, and nothing of it stays in sight`, async () => {
    const { page, done } = await openPage(browser);
    await page.goto(at.url);
    await choose(page, file);
    await page.getByRole("heading", { name: "This is not an image, or not all of one" }).waitFor();
    await page.getByLabel("What went wrong").getByText(words).waitFor();
    await page.getByText("No image yet").waitFor();
    await accessible(page);
    await picture(page, `refused-${file}`);
    await done();
  });
}

test("how far it is read is shown, until it is stopped", async () => {
  const { page, done } = await openPage(browser);
  await page.goto(at.url);
  await choose(page, "large.tar");
  const meter = page.getByRole("progressbar", { name: "Reading files" });
  await meter.and(page.locator("[aria-valuenow]:not([aria-valuenow='0'])")).waitFor();
  await accessible(page);
  await picture(page, "reading");
  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByText("Drop an image anywhere").waitFor();
  assert.equal(await page.getByLabel("What went wrong").count(), 0);
  await done();
});
