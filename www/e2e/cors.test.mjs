// The embedded registry, straight from the page: where it lets pages read, and where it does not.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessible, launch, openPage, picture } from "./harness.mjs";
import { built, start } from "./process.mjs";
import { builtPage, copied, enter, openImage, verified } from "./site.mjs";

let browser;
let at;
let open;
let closed;

before(async () => {
  at = await builtPage();
  browser = await launch();
  open = await registry("cors");
  closed = await registry();
});

after(async () => {
  await browser?.close();
  await at?.stop();
  await open?.stop();
  await closed?.stop();
});

async function registry(...args) {
  const { line, stop } = await start(built("registry"), args);
  const [host, digest] = line.split(" ");
  return { host, digest, stop };
}

test("an image comes straight from a registry, one platform after the other, and only once", async () => {
  const { page, done } = await openPage(browser);
  await openImage(page, at.url, `${open.host}/lugger/demo:1`);
  await verified(page);
  assert.equal(await page.locator(".digest code").textContent(), open.digest);
  for (const platform of ["linux/arm64", "linux/arm/v7"]) {
    await page.getByRole("tab", { name: platform }).click();
    await page.getByText("This platform is not here").waitFor();
    await page.getByRole("button", { name: "Fetch" }).click();
    await verified(page);
  }
  const asked = [];
  page.on("request", (request) => request.url().includes(open.host) && asked.push(request.url()));
  await page.reload();
  await verified(page);
  assert.deepEqual(asked, []);
  await done();
});

test("a whole image comes at once if all platforms are wanted", async () => {
  const { page, done } = await openPage(browser);
  await page.goto(at.url);
  await page.getByLabel("Platform").selectOption("all");
  await enter(page, `${open.host}/lugger/demo:1`);
  await verified(page);
  await open.stop();
  await page.getByRole("tab", { name: "linux/arm/v7" }).click();
  await verified(page);
  await done();
});

test("a registry that lets no page read is explained, and what helps is offered", async () => {
  const { page, done } = await openPage(browser, { tolerate: /CORS|ERR_FAILED/ });
  await openImage(page, at.url, `${closed.host}/lugger/demo:1`);
  await page.getByRole("heading", { name: "The registry does not let pages read its answers" }).waitFor();
  await page.getByText("A bridge on this machine can ask in its place").waitFor();
  const command = await copied(page, "the command that starts a bridge");
  assert.equal(command, `lugger serve ${closed.host}/lugger/demo:1`);
  await accessible(page);
  await picture(page, "fails-cors");
  await done();
});
