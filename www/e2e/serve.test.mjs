// The page in `lugger serve`, with a registry of Debian's behind it and archives of skopeo's: nothing here is made up.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { dockerRegistry, PASSWORD, USER } from "./docker-registry.mjs";
import { accessible, drop, launch, openPage, picture } from "./harness.mjs";
import { layout, makeImage, write } from "./image.mjs";
import { run, serve } from "./process.mjs";
import { DIST, enter, openImage, verified } from "./site.mjs";

/** Makes images as they are found in the field; who does not have it gets those of image.mjs. */
const MAKER =
  process.env.LUGGER_MKIMAGES ?? fileURLToPath(new URL("../../../shared/tools/mkimages.py", import.meta.url));
const INSECURE = ["--src-tls-verify=false", "--dest-tls-verify=false"];

let browser;
let folder;
let open;
let secret;
let served;
/** What was asked of the tab's server, and with what. */
let told;

before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "lugger-serve-"));
  open = await dockerRegistry();
  secret = await dockerRegistry({ password: true });
  browser = await launch();
  write(path.join(folder, "app"), layout(makeImage(), "v1"));
  fill(open.host);
  copy(app(), `docker://${secret.host}/team/secret:v1`, ["--all", `--dest-creds=${USER}:${PASSWORD}`]);
  const auth = Buffer.from(`${USER}:${PASSWORD}`).toString("base64");
  write(folder, { "docker/config.json": JSON.stringify({ auths: { [secret.host]: { auth } } }) });
  served = await serve([`${open.host}/small:v1`], { DOCKER_CONFIG: path.join(folder, "docker") });
  told = await (await fetch(served.origin)).text();
});

after(async () => {
  await browser?.close();
  await served?.stop();
  await open?.stop();
  await secret?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function copy(from, to, more = []) {
  return run("skopeo", ["--insecure-policy", "copy", "--quiet", ...INSECURE, ...more, from, to]);
}

/** An image that is quickly copied. */
const app = () => `oci:${path.join(folder, "app")}:v1`;

/** `small:v1` for one platform and `multi:v1` for several. */
function fill(host) {
  if (existsSync(MAKER)) {
    const images = path.join(folder, "images");
    run("python3", [MAKER, "make", images, "--synthetic", "--only", "small,multi", "--scale", "0.3"]);
    run("python3", [MAKER, "push", images, `http://${host}`, "--only", "small,multi"]);
    return;
  }
  for (const name of ["small", "multi"]) {
    copy(app(), `docker://${host}/${name}:v1`, name === "multi" ? ["--all"] : []);
  }
}

/** What skopeo says it has: the digest of what a name leads to. */
function digestOf(place) {
  return run("skopeo", ["inspect", "--tls-verify=false", "--format", "{{.Digest}}", place]).trim();
}

/** The page as the printed address leads to it. Whatever it asks carries no credential. */
async function arrive(options) {
  const opened = await openPage(browser, options);
  const { page, done } = opened;
  const asked = [];
  page.on("request", (request) =>
    asked.push(request.allHeaders().then((headers) => ({ url: request.url(), headers }))),
  );
  await page.goto(`${served.origin}/#t=${served.token}`);
  await page.getByText("Bridge connected").waitFor();
  const end = async () => {
    const all = await Promise.all(asked);
    assert.ok(all.length > 3);
    for (const { url, headers } of all) {
      assert.equal(headers.authorization, undefined, url);
      assert.ok(url.startsWith(served.origin) || url.startsWith("blob:"), url);
    }
    await done();
  };
  return { page, end };
}

const shownDigest = (page) => page.locator(".digest code").textContent();

test("it serves the page that was built", () => {
  assert.equal(told, readFileSync(path.join(DIST, "index.html"), "utf8"), "cargo build -p lugger takes the page in");
});

test("the printed address opens the image that was named, and its token does not stay in sight", async () => {
  const { page, done } = await openPage(browser);
  await page.goto(served.url);
  await verified(page);
  assert.equal(await shownDigest(page), digestOf(`docker://${open.host}/small:v1`));
  assert.equal(page.url(), `${served.origin}/#/image/${open.host}/small:v1`);
  assert.ok(!(await page.evaluate(() => document.documentElement.outerHTML)).includes(served.token));
  assert.equal(await page.evaluate(() => history.length), 2, "about:blank and the image");
  assert.deepEqual(await page.evaluate(() => Object.values(sessionStorage)), [served.token]);
  assert.deepEqual(await page.evaluate(() => Object.values(localStorage)), []);
  await page.getByText("Bridge connected").waitFor();
  await accessible(page);
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    await picture(page, `serve-small-${colorScheme}`, { fullPage: true });
  }
  await page.goBack();
  assert.equal(page.url(), "about:blank");
  await done();
});

test("platforms come when they are wanted, stay over a reload, are listed and deleted", async () => {
  const { page, end } = await arrive();
  const name = `${open.host}/multi:v1`;
  await enter(page, name);
  await verified(page);
  assert.equal(await shownDigest(page), digestOf(`docker://${name}`));
  await page.getByRole("tab", { name: "linux/arm64" }).click();
  await page.getByText("This platform is not here").waitFor();
  await page.getByRole("button", { name: "Fetch" }).click();
  await verified(page);
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    await picture(page, `serve-multi-${colorScheme}`, { fullPage: true });
  }
  await page.reload();
  await verified(page);
  await page.getByText("Nobody was contacted").waitFor();
  await page.getByRole("link", { name: "Lugger" }).click();
  const row = page.getByRole("listitem").filter({ has: page.getByRole("link", { name }) });
  await row.getByText("linux/amd64, linux/arm64").waitFor();
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    await picture(page, `serve-open-${colorScheme}`, { fullPage: true });
  }
  await row.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await page.getByText("No image yet").waitFor();
  await end();
});

test("a registry with a password is opened by a page that never sees it", async () => {
  const { page, end } = await arrive();
  await enter(page, `${secret.host}/team/secret:v1`);
  await verified(page);
  const everything = await page.evaluate(() => document.documentElement.outerHTML);
  assert.ok(
    !everything.includes(PASSWORD) && !everything.includes(Buffer.from(`${USER}:${PASSWORD}`).toString("base64")),
  );
  await end();
});

test("a password that is wrong is explained", async (t) => {
  const other = await dockerRegistry({ password: true });
  t.after(other.stop);
  const bridge = await serve(["--registry", other.host]);
  t.after(bridge.stop);
  const { page, done } = await openPage(browser, { tolerate: /status of 40\d/ });
  await page.goto(`${bridge.origin}/#t=${bridge.token}&ref=${other.host}/team/secret:v1`);
  await page.getByRole("heading", { name: "Access denied" }).waitFor();
  await page.getByText("Log in where the bridge runs").waitFor();
  await accessible(page);
  await picture(page, "serve-denied");
  await done();
});

test("a registry that nobody named is asked after a word of the user", async () => {
  const { page, end } = await arrive({ tolerate: /status of (4|5)\d\d/ });
  await enter(page, "registry.invalid/owner/app:1.4");
  const dialog = page.getByRole("dialog", { name: "Let lugger contact registry.invalid?" });
  await dialog.waitFor();
  await accessible(page);
  await picture(page, "confirm");
  await page.keyboard.press("Escape");
  await page.getByRole("heading", { name: "Not asked" }).waitFor();
  await page.getByRole("button", { name: "Try again" }).click();
  await dialog.getByRole("button", { name: "Allow" }).click();
  // It was asked: no such host exists, nor ever will (RFC 2606).
  await page.getByRole("heading", { name: "No answer" }).waitFor();
  await end();
});

test("what does not exist, and a registry that has gone, are explained", async (t) => {
  const going = await dockerRegistry();
  t.after(going.stop);
  copy(app(), `docker://${going.host}/team/app:v1`, ["--all"]);
  const bridge = await serve(["--registry", going.host, "--retries", "0"]);
  t.after(bridge.stop);
  const { page, done } = await openPage(browser, {
    tolerate: /status of (4|5)\d\d|ERR_CONNECTION_REFUSED/,
  });
  await page.goto(`${bridge.origin}/#t=${bridge.token}&ref=${going.host}/team/app:none`);
  await page.getByRole("heading", { name: "There is no such image" }).waitFor();
  await accessible(page);
  await picture(page, "serve-not-found");
  await openImage(page, bridge.origin, `${going.host}/team/app:v1`);
  await verified(page);
  await going.stop();
  await page.getByRole("tab", { name: "linux/arm64" }).click();
  await page.getByRole("button", { name: "Fetch" }).click();
  await page.getByRole("heading", { name: "No answer" }).waitFor();
  await accessible(page);
  await picture(page, "serve-gone", { fullPage: true });
  await bridge.stop();
  await page.getByRole("tab", { name: "linux/amd64" }).click();
  await verified(page);
  await done();
});

test("archives and folders that skopeo wrote are dropped", async () => {
  const { page, end } = await arrive();
  const from = `docker://${open.host}/small:v1`;
  mkdirSync(path.join(folder, "written"));
  const at = (name) => path.join(folder, "written", name);
  const cases = [
    [`docker-archive:${at("docker.tar")}:example.com/team/small:v1`, at("docker.tar"), null],
    [`oci-archive:${at("oci.tar")}`, at("oci.tar"), digestOf(from)],
    [`oci:${at("layout")}:v1`, at("layout"), digestOf(from)],
  ];
  for (const [to, file, digest] of cases) {
    copy(from, to);
    await page.goto(`${served.origin}/#/`);
    await drop(page, [file]);
    await verified(page);
    // `docker save` keeps no manifest of its own; its configuration is the one of the registry.
    if (digest === null) {
      const config = JSON.parse(run("skopeo", ["inspect", "--raw", "--tls-verify=false", from])).config.digest;
      await page.locator(`[title="${config}"]`).first().waitFor();
    } else {
      assert.equal(await shownDigest(page), digest);
    }
    await page.getByText("Nobody was contacted").waitFor();
  }
  writeFileSync(at("half.tar"), readFileSync(at("oci.tar")).subarray(0, 1_000_000));
  await page.goto(`${served.origin}/#/`);
  await drop(page, [at("half.tar")]);
  await page.getByRole("heading", { name: "This is not an image, or not all of one" }).waitFor();
  await end();
});
