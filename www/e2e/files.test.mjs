// Files and folders that are dropped or chosen: nobody is asked, and what is wrong with them is said.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { accessible, drop, launch, openPage, picture, slowReads } from "./harness.mjs";
import { layout, makeImage, OCI, saved, sha256, tar, tarHeader, write } from "./image.mjs";
import { plainImage, randomLayer } from "./layers.mjs";
import { builtPage, verified } from "./site.mjs";

const NAME = "example.com/team/app:1";
const OTHER = "example.com/team/other:1";
const SAVED = "example.com/saved:1";

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
  writeFileSync(path.join(folder, "both.tar"), tar(both()));
  writeFileSync(path.join(folder, "saved.tar"), tar(saved([randomLayer(2_000_000), randomLayer(30_000)], SAVED)));
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

/** Two images in one layout, of which the first takes a while where reading is slow. */
function both() {
  const first = layout(plainImage([randomLayer(64_000_000)]), NAME);
  const other = layout(makeImage(), OTHER);
  const manifests = [first, other].flatMap((files) => JSON.parse(files["index.json"]).manifests);
  const index = Buffer.from(JSON.stringify({ schemaVersion: 2, manifests }));
  return { ...first, ...other, "index.json": index };
}

/** An archive with a layer that is not read to its end where reading is slow. Nothing of that takes room on the disk. */
function large(place) {
  const size = 200_000_000;
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

test("what docker saved is opened and verified", async () => {
  const { page, done } = await openPage(browser);
  await page.goto(at.url);
  await choose(page, "saved.tar");
  await verified(page);
  await page.getByRole("heading", { level: 1, name: SAVED }).waitFor();
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

test("an archive that breaks is told beside what arrived of it", async () => {
  const { page, done } = await openPage(browser);
  await page.goto(at.url);
  await choose(page, "broken.tar");
  const trouble = page.getByLabel("What went wrong");
  await trouble.getByText(/: the content has digest sha256/).waitFor();
  await page.getByRole("heading", { level: 1, name: NAME }).waitFor();
  await page.getByText(/of 3 layers not here/).waitFor();
  await page.getByRole("heading", { name: "History" }).waitFor();
  await accessible(page);
  await picture(page, "broken", { fullPage: true });
  await trouble.getByRole("button", { name: "Try again" }).click();
  await trouble.getByText(/: the content has digest sha256/).waitFor();
  await page.getByRole("link", { name: "Lugger" }).click();
  await page.getByText("No image yet").waitFor();
  await done();
});

test("an image is shown while its archive is read, until that is stopped, and then read on", async () => {
  const { page, done } = await openPage(browser);
  await page.goto(at.url);
  await slowReads(page);
  await choose(page, "large.tar");
  const state = page.getByRole("region", { name: "State" });
  await state.getByText("Reading and verifying").waitFor();
  await page.getByText(/reading [1-9]\d? %/).waitFor();
  await page.getByText("PATH=/usr/local/bin:/usr/bin:/bin").waitFor();
  // What is shown was verified, though only the last step puts it into the store.
  const documents = page.getByRole("region", { name: "Documents" }).getByRole("listitem");
  assert.equal(await documents.filter({ hasText: "digest verified" }).count(), 3);
  await accessible(page);
  await picture(page, "reading", { fullPage: true });

  // It goes on beside other screens, and those lead back to it.
  await page.goBack();
  await page.getByRole("progressbar", { name: "Reading files" }).waitFor();
  await accessible(page);
  await picture(page, "reading-open");
  await page.getByRole("list", { name: "Images in it" }).getByRole("link", { name: NAME }).click();
  await page.getByText(/reading [1-9]\d? %/).waitFor();

  await state.getByRole("button", { name: "Stop" }).click();
  await page.getByText(/\d % here/).waitFor();
  assert.equal(await page.getByLabel("What went wrong").count(), 0);
  await state.getByRole("button", { name: "Go on reading" }).click();
  await page.getByText(/reading [1-9]\d? %/).waitFor();
  await page.goBack();
  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByText("Drop an image anywhere").waitFor();
  assert.equal(await page.getByLabel("What went wrong").count(), 0);
  await done();
});

test("several images in one archive are listed while they are read, and afterwards", async () => {
  const { page, done } = await openPage(browser);
  await page.goto(at.url);
  const hurry = await slowReads(page);
  await choose(page, "both.tar");
  const list = page.getByRole("list", { name: "Images in it" });
  await list.getByText("being read").waitFor();
  await list.getByText("waiting").waitFor();
  assert.deepEqual(await list.getByRole("link").allTextContents(), [NAME, OTHER]);
  await accessible(page);
  await picture(page, "several");
  await list.getByRole("link", { name: OTHER }).click();
  await hurry();
  await verified(page);
  await page.goBack();
  for (const name of [NAME, OTHER]) {
    await page.getByRole("region", { name: "In this browser" }).getByRole("link", { name }).waitFor();
  }
  await done();
});
