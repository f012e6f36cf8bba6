// What the screens make of what people do at odd moments: each shows what was meant, and nothing that is not so.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { accessible, drop, launch, openPage } from "./harness.mjs";
import { layout, makeImage, noise, OCI, sha256, tar, tarHeader } from "./image.mjs";
import { serveRegistry } from "./registry.mjs";
import { box, builtPage, openImage, verified } from "./site.mjs";
import { openTab } from "./tab.mjs";

const NAME = "example.com/team/app:1";
const OTHER = "example.com/team/other:1";

/** What a browser says aloud of a registry that refuses. */
const REFUSED = /status of 429|ERR_ABORTED/;

let browser;
let at;
let registry;
/** Whether the registry gives no blobs. */
let refusing = false;
let folder;

before(async () => {
  at = await builtPage();
  const arm = makeImage({ architectures: ["arm64"] });
  const answer = (_repository, what) =>
    refusing && what === "blobs" ? { status: 429, headers: { "retry-after": "86400" } } : undefined;
  registry = await serveRegistry({ "team/app": makeImage(), "team/arm": arm }, { answer });
  browser = await launch();
  folder = mkdtempSync(path.join(tmpdir(), "lugger-page-"));
  writeFileSync(path.join(folder, "both.tar"), tar(both()));
  writeFileSync(path.join(folder, "one.tar"), tar(layout(makeImage(), NAME)));
  late(path.join(folder, "late.tar"));
  mkdirSync(path.join(folder, "everything"));
  for (let n = 0; n <= 20_000; n++) {
    writeFileSync(path.join(folder, "everything", `${n}`), "");
  }
});

after(async () => {
  await browser?.close();
  await at?.stop();
  await registry?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Two images in one layout, of which each takes a while. */
function both() {
  const files = (seed) => () => [{ zeros: Buffer.alloc(300_000_000), noise: noise(3_000_000, seed) }];
  const parts = [NAME, OTHER].map((name) => layout(makeImage({ files: files(name), architectures: ["amd64"] }), name));
  const manifests = parts.flatMap((part) => JSON.parse(part["index.json"]).manifests);
  return { ...parts[0], ...parts[1], "index.json": Buffer.from(JSON.stringify({ schemaVersion: 2, manifests })) };
}

/** An archive with a layer that takes a while to be read, and is not what it should be. Nothing of that takes room on the disk. */
function late(place) {
  const size = 300 << 20;
  const digest = sha256(Buffer.from("something else"));
  const image = makeImage({
    files: () => [{}],
    manifest: { layers: [{ mediaType: `${OCI}.layer.v1.tar`, digest, size }] },
  });
  const start = [tar(layout(image, NAME)).subarray(0, -1024), tarHeader(`blobs/${digest.replace(":", "/")}`, size)];
  writeFileSync(place, Buffer.concat(start));
  truncateSync(place, start[0].length + start[1].length + size + 1024);
}

const choose = (page, name) => page.getByLabel("Image files").setInputFiles(path.join(folder, name));

test("an archive that is read on stays with the image that is looked at", async () => {
  const { page, done } = await openPage(browser);
  await page.goto(at.url);
  await choose(page, "both.tar");
  await page.getByRole("list", { name: "Images in it" }).getByRole("link", { name: OTHER }).click();
  const state = page.getByRole("region", { name: "State" });
  await state.getByRole("button", { name: "Stop" }).click();
  await state.getByRole("button", { name: "Go on reading" }).click();
  await state.getByText("Reading and verifying").waitFor();
  await page.getByText("Verified to the last byte").or(page.getByText("Every digest is verified")).waitFor();
  await page.getByRole("heading", { level: 1, name: OTHER }).waitFor();
  assert.match(page.url(), /team\/other:1$/);
  await done();
});

test("an image whose layers are here is not here before it is fetched", async () => {
  const { page, done } = await openPage(browser);
  await openImage(page, at.url, `${registry.host}/team/app:1`);
  await verified(page);
  await page.goto(`${at.url}#/image/${registry.host}/team/app:2`);
  await page.getByText("All its layers are here, but not its name").waitFor();
  await page.getByRole("button", { name: "Fetch", exact: true }).click();
  await verified(page);
  const asked = registry.asked.length;
  await page.reload();
  await verified(page);
  assert.equal(registry.asked.length, asked);
  await done();
});

/** Holds back the Rust half, until it is let go. */
async function holdStart(context) {
  let go;
  const wanted = new Promise((resolve) => {
    go = resolve;
  });
  await context.route("**/*.wasm", async (route) => {
    await wanted;
    await route.continue();
  });
  return go;
}

/** Fails, and tries again when the registry gives what it has. */
async function tryAgain(page, act) {
  refusing = true;
  await act();
  const again = page.getByRole("button", { name: "Try again" });
  await again.waitFor();
  refusing = false;
  await again.click();
  await verified(page);
}

test("what failed is what is tried again: all platforms", async () => {
  const { page, done } = await openPage(browser, { tolerate: REFUSED });
  await page.goto(at.url);
  await page.getByLabel("Platform", { exact: true }).selectOption("all");
  await tryAgain(page, async () => {
    await box(page).fill(`${registry.host}/team/app:1`);
    await page.keyboard.press("Enter");
  });
  const tabs = page.getByRole("tab");
  assert.deepEqual(await tabs.evaluateAll((all) => all.map(({ title }) => title)), ["Here", "Here"]);
  await done();
});

test("what failed is what is tried again: the platform that was shown, when all of it is over", async () => {
  const { page, done } = await openPage(browser, { tolerate: REFUSED });
  await page.addInitScript(() => {
    const note = () => {
      const stop = [...document.querySelectorAll("button")].some(({ textContent }) => textContent.includes("Stop"));
      window.early ||= stop && document.querySelector(".failure") !== null;
    };
    new MutationObserver(note).observe(document, { subtree: true, childList: true });
  });
  await page.goto(`${at.url}#/image/${registry.host}/team/arm:1`);
  const fetch = page.getByRole("button", { name: /^Fetch \d/ });
  await fetch.waitFor();
  await tryAgain(page, () => fetch.click());
  assert.equal(await page.evaluate(() => window.early), false);
  await done();
});

test("what is stopped before it began does not begin", async () => {
  const { page, context, done } = await openPage(browser);
  const go = await holdStart(context);
  const asked = registry.asked.length;
  await page.goto(`${at.url}#/image/${registry.host}/team/app:1`);
  await page.getByRole("button", { name: "Stop" }).click();
  go();
  await page.getByRole("button", { name: "Fetch", exact: true }).waitFor();
  assert.equal(registry.asked.length, asked);
  assert.equal(await page.getByLabel("What went wrong").count(), 0);
  await done();
});

test("what is pressed, dropped and answered counts at once", async () => {
  const { page, done } = await openPage(browser);
  await page.addInitScript(() => {
    window.heard = {};
    const note = () => {
      const box = document.querySelector("input[name=reference]");
      if (box !== null && !("key" in window.heard)) {
        const event = { bubbles: true, cancelable: true };
        window.heard.key = !document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "/", ...event }));
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([], "x"));
        window.heard.drag = !document.body.dispatchEvent(new DragEvent("dragover", { dataTransfer, ...event }));
      }
      const dialog = document.querySelector("dialog");
      if (dialog?.open && dialog.textContent === "") {
        window.heard.inert = true;
      }
      const moved = document.querySelector(".overview h1") !== null;
      window.heard.focus ??= moved ? document.activeElement.id : undefined;
    };
    new MutationObserver(note).observe(document, { subtree: true, childList: true });
  });
  await openImage(page, at.url, `${registry.host}/team/app:1`);
  await verified(page);
  await page.getByRole("link", { name: "Lugger" }).click();
  await page.getByRole("button", { name: "Delete all" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete all" }).click();
  await page.getByText("No image yet").waitFor();
  assert.ok(
    await page.getByRole("heading", { name: "In this browser" }).evaluate((it) => it === document.activeElement),
  );
  assert.deepEqual(await page.evaluate(() => window.heard), { key: true, drag: true, focus: "main" });
  await done();
});

test("of two archives that are given before anything started, the second is read", async () => {
  const { context, done } = await openPage(browser);
  const go = await holdStart(context);
  const page = await openTab(context, at.url);
  await choose(page, "both.tar");
  await choose(page, "one.tar");
  go();
  await page.waitForFunction(() => window.heard?.some(({ failure }) => failure?.kind === "cancelled"));
  await verified(page);
  await page.getByRole("heading", { level: 1, name: NAME }).waitFor();
  await done();
});

test("an archive that is read on and breaks is told where one is then", async () => {
  const { page, done } = await openPage(browser);
  await page.goto(at.url);
  await choose(page, "late.tar");
  const state = page.getByRole("region", { name: "State" });
  await state.getByRole("button", { name: "Stop" }).click();
  await state.getByRole("button", { name: "Go on reading" }).click();
  await page.getByRole("link", { name: "Lugger" }).click();
  await page.getByRole("heading", { name: "This is not an image, or not all of one" }).waitFor();
  await done();
});

test("what is dropped on an image and is none is told on the first screen", async () => {
  const { page, done } = await openPage(browser);
  await openImage(page, at.url, `${registry.host}/team/app:1`);
  await verified(page);
  await drop(page, [path.join(folder, "everything")]);
  await page.getByText("The folder holds more than 20000 files").first().waitFor();
  await page.getByLabel("What went wrong").waitFor();
  await done();
});

test("what cannot be deleted is told, to those who listen each time", async () => {
  const { page, done } = await openPage(browser);
  await page.addInitScript(() => {
    const post = Worker.prototype.postMessage;
    // A name that there is not: what the Rust half says to that is the failure.
    Worker.prototype.postMessage = function (message, ...more) {
      post.call(this, message.op === "remove" ? { ...message, name: "///" } : message, ...more);
    };
  });
  await openImage(page, at.url, `${registry.host}/team/app:1`);
  await verified(page);
  await page.getByRole("link", { name: "Lugger" }).click();
  await page.evaluate(() => {
    window.said = 0;
    const note = () => {
      window.said++;
    };
    const live = document.querySelector("[aria-live=assertive]");
    new MutationObserver(note).observe(live, { subtree: true, childList: true, characterData: true });
  });
  for (const times of [1, 2]) {
    await page.getByRole("button", { name: /^Delete .*app/ }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete", exact: true }).click();
    await page.waitForFunction((times) => window.said === times, times);
  }
  await page.getByLabel("What went wrong").waitFor();
  await done();
});

test("attestations make no tabs", async () => {
  const { page, done } = await openPage(browser);
  await openImage(page, at.url, `${registry.host}/team/arm:1`);
  await page.getByText("1 attestation").waitFor();
  assert.equal(await page.getByRole("tabpanel").count(), 0);
  await done();
});

test("a bridge in the address of an open page opens its image", async () => {
  const { page, done } = await openPage(browser, { tolerate: /status of 404|ERR_ABORTED/ });
  await page.goto(at.url);
  await page.getByText("No image yet").waitFor();
  await page.evaluate(() => {
    location.hash = "#t=a-token&ref=alpine";
  });
  await page.getByText("Bridge connected").waitFor();
  // It is fetched, not only looked up. There is no bridge here.
  await page.getByText("Fetching docker.io/library/alpine:latest").waitFor({ state: "attached" });
  assert.match(page.url(), /#\/image\/docker.io/);
  await done();
});

test("the address follows the name, and nothing else moves", async () => {
  const { page, done } = await openPage(browser);
  await page.goto(`${at.url}#/image/${registry.host}/team/app`);
  const fetch = page.getByRole("button", { name: /^Fetch \d/ });
  await fetch.waitFor();
  await page.evaluate(() => scrollTo(0, 100));
  await fetch.dispatchEvent("click");
  await verified(page);
  assert.match(page.url(), /team\/app:latest$/);
  assert.equal(await page.evaluate(() => scrollY), 100);
  await done();
});

test("a file that is opened is one step from the first screen; a question stays there", async () => {
  const { page, done } = await openPage(browser);
  await page.goto(at.url);
  const before = await page.evaluate(() => history.length);
  await choose(page, "one.tar");
  await verified(page);
  assert.equal(await page.evaluate(() => history.length), before + 1);
  await page.goBack();
  await page.getByRole("button", { name: "Delete all" }).click();
  await page.getByRole("dialog").waitFor();
  await page.goForward();
  await verified(page);
  assert.equal(await page.getByRole("dialog").count(), 0);
  await done();
});

test("of two looks at what is here, the later is shown", async () => {
  const { page, done } = await openPage(browser);
  await page.addInitScript(() => {
    const { postMessage, addEventListener } = Worker.prototype;
    let first;
    Worker.prototype.postMessage = function (message, ...more) {
      first ??= message.op === "images" ? message.id : undefined;
      postMessage.call(this, message, ...more);
    };
    Worker.prototype.addEventListener = function (type, take) {
      addEventListener.call(this, type, (event) => {
        if (type === "message" && event.data.id === first) {
          window.late = () => take(event);
        } else {
          take(event);
        }
      });
    };
  });
  await page.goto(at.url);
  await choose(page, "one.tar");
  await verified(page);
  await page.goBack();
  await page.getByRole("button", { name: "Delete all" }).waitFor();
  await page.evaluate(async () => {
    window.late();
    await new Promise(requestAnimationFrame);
  });
  await page.getByRole("button", { name: "Delete all" }).waitFor();
  assert.equal(await page.getByText("No image yet").count(), 0);
  await done();
});

test("a configuration that comes last moves little of what is below it", async () => {
  const { page, done } = await openPage(browser, { tolerate: REFUSED });
  refusing = true;
  await openImage(page, at.url, `${registry.host}/team/app:1`);
  await page.getByRole("button", { name: "Try again" }).waitFor();
  const height = async () => (await page.getByRole("region", { name: "Configuration" }).boundingBox()).height;
  const before = await height();
  refusing = false;
  await page.getByRole("button", { name: "Try again" }).click();
  await verified(page);
  const after = await height();
  assert.ok(Math.abs(after - before) < 40, `${before} to ${after}`);
  await done();
});

test("what could not be started is started again", async () => {
  const { page, context, done } = await openPage(browser, { tolerate: /ERR_FAILED|Failed to load resource/ });
  await context.route("**/*.wasm", (route) => route.abort());
  await page.goto(at.url);
  const again = page.getByRole("button", { name: "Try again" });
  await again.waitFor();
  await page.getByText("What is here is not known").waitFor();
  await accessible(page);
  await context.unroute("**/*.wasm");
  await again.click();
  await page.getByText("No image yet").waitFor();
  assert.equal(await page.getByLabel("What went wrong").count(), 0);
  await done();
});

test("a worker that dies is replaced", async () => {
  const { context, done } = await openPage(browser);
  const page = await openTab(context, `${at.url}#/image/${registry.host}/team/app:1`);
  const fetch = page.getByRole("button", { name: /^Fetch \d/ });
  await fetch.waitFor();
  await page.evaluate(() => {
    document.querySelector("button.primary:not([type=submit])").click();
    window.worker.dispatchEvent(new ErrorEvent("error", { message: "It died" }));
  });
  await page.getByLabel("What went wrong").getByText("It died").waitFor();
  await page.getByRole("button", { name: "Try again" }).click();
  await verified(page);
  await done();
});
