// Every kind of failure that the page has words for, from registries that fail so.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessible, launch, openPage, picture } from "./harness.mjs";
import { makeImage } from "./image.mjs";
import { serveRegistry } from "./registry.mjs";
import { builtPage, openImage, verified } from "./site.mjs";

/** What a browser says aloud of answers that are no success. */
const REFUSED = /status of (401|403|404|429|503)/;

let browser;
let at;
let registry;
let gone;
let full = false;

before(async () => {
  at = await builtPage();
  const image = makeImage();
  registry = await serveRegistry({ "team/app": image, "team/changed": image, "team/many": image }, { answer });
  gone = await serveRegistry({});
  await gone.stop();
  browser = await launch();

  function answer(repository, what, digest) {
    const bytes = image.blobs.get(digest);
    switch (repository) {
      case "team/secret":
        return { status: 401, headers: { "www-authenticate": 'Basic realm="tests"' } };
      case "team/limited":
        return { status: 429, headers: { "retry-after": "86400" } };
      case "team/down":
        return { status: 503, headers: { "retry-after": "86400" } };
      case "team/changed":
        return what === "blobs" ? { bytes: Buffer.concat([bytes.subarray(1), Buffer.of(1)]) } : undefined;
      case "team/many":
        return full && what === "blobs" ? { status: 429, headers: { "retry-after": "86400" } } : undefined;
    }
  }
});

after(async () => {
  await browser?.close();
  await at?.stop();
  await registry?.stop();
});

/** Opens it and waits until the page says why it failed. */
async function fails(page, name, title) {
  await openImage(page, at.url, name);
  await page.getByRole("heading", { name: title }).waitFor();
  await accessible(page);
}

for (const [kind, repository, title] of [
  ["not-found", "team/none", "There is no such image"],
  ["denied", "team/secret", "Access denied"],
  ["limited", "team/limited", "The registry wants a pause"],
  ["down", "team/down", "No answer"],
  ["content", "team/changed", "The content is not what it should be"],
]) {
  test(`${kind}: ${title}`, async () => {
    const { page, done } = await openPage(browser, { tolerate: REFUSED });
    await fails(page, `${registry.host}/${repository}:1.4`, title);
    const wrong = page.getByLabel("What went wrong");
    await wrong.getByText("What was asked").click();
    await wrong.getByText(`http://${registry.host}/${repository}`, { exact: true }).waitFor();
    await picture(page, `fails-${kind}`);
    await page.goto(at.url);
    await page.getByText("No image yet").waitFor();
    await done();
  });
}

test("network: nobody is there", async () => {
  const { page, done } = await openPage(browser, { tolerate: /ERR_CONNECTION_REFUSED/ });
  await fails(page, `${gone.host}/team/app:1.4`, "No answer");
  await picture(page, "fails-network");
  await done();
});

test("full: the browser gives no more room, and what is freed is used", async () => {
  const { page, context, done } = await openPage(browser);
  await page.goto(at.url);
  const session = await context.newCDPSession(page);
  const quota = (quotaSize) =>
    session.send("Storage.overrideQuotaForOrigin", { origin: new URL(at.url).origin, quotaSize });
  await quota(1_000_000);
  await fails(page, `${registry.host}/team/app:1.4`, "No room left");
  await picture(page, "fails-full");
  await quota(100_000_000);
  await page.getByRole("button", { name: "Try again" }).click();
  await verified(page);
  await done();
});

test("what arrived before it failed stays in sight, and is not fetched again", async () => {
  const { page, done } = await openPage(browser, { tolerate: REFUSED });
  await page.goto(`${at.url}#/image/${registry.host}/team/many:1.4`);
  await page.getByRole("button", { name: /^Fetch \d/ }).waitFor();
  full = true;
  await page.getByRole("button", { name: /^Fetch \d/ }).click();
  await page.getByRole("heading", { name: "The registry wants a pause" }).waitFor();
  await page.getByText("3 of 3 layers not here").waitFor();
  await page.getByText("The configuration is not here yet").first().waitFor();
  await accessible(page);
  await picture(page, "fails-midway", { fullPage: true });
  full = false;
  await page.getByRole("button", { name: "Try again" }).click();
  await verified(page);
  assert.equal(await page.getByLabel("What went wrong").count(), 0);
  await done();
});
