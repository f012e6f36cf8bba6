// An image whose every string is a payload, as others may make one: nothing runs, and everything is shown as what it is.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { accessible, drop, launch, openPage, overflows, picture } from "./harness.mjs";
import { layout, makeImage, tar } from "./image.mjs";
import { serveRegistry } from "./registry.mjs";
import { builtPage, openImage } from "./site.mjs";

const ELEMENT = "<img src=x onerror=window.ran=1>";
/** Every active character has to be spelled out: direction, control, invisible, line, private and half ones. */
const ACTIVE =
  "\u202eoverride\u202c\u2066isolate\u2069\u001b[31mred\u0007bell\u0000nul\u200bzero\ufeffmark\u2028line\ue000own";
const SPELLED =
  "\\u{202e}override\\u{202c}\\u{2066}isolate\\u{2069}\\u{1b}[31mred\\u{7}bell\\0nul\\u{200b}zero\\u{feff}mark";
const LONG = "w".repeat(6000);
const payload = (where) => `${where}:${ELEMENT}</script><script>window.ran=1</script>"'\`&amp;${ACTIVE}`;
const LINKS = {
  script: "javascript:window.ran=1",
  data: "data:text/html,<script>window.ran=1</script>",
  file: "file:///etc/passwd",
  login: "https://user:secret@good.example/",
  confusable: "https://good.example\u202e/moc.live",
};

/** Where each of them has to be seen. */
const SEEN = ["env", "label", "value", "history", "comment", "note", "noted", "author", "architecture"].concat([
  "user",
  "entry",
  "cmd",
  "dir",
  "port",
  "volume",
  "signal",
  "long",
]);

let browser;
let at;
let folder;
let registry;

before(async () => {
  at = await builtPage();
  browser = await launch();
  folder = mkdtempSync(path.join(tmpdir(), "lugger-strings-"));
  registry = await serveRegistry(
    { "team/hostile": hostile() },
    {
      answer: (repository) =>
        repository === "team/refuses"
          ? {
              status: 403,
              headers: { "content-type": "application/json" },
              body: JSON.stringify({ errors: [{ code: payload("code"), message: payload("message") }] }),
            }
          : undefined,
    },
  );
});

after(async () => {
  await browser?.close();
  await at?.stop();
  await registry?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function hostile() {
  return makeImage({
    architectures: ["amd64", payload("architecture")],
    history: [
      { created: payload("time"), created_by: payload("history"), comment: payload("comment") },
      { created_by: `RUN |1 A=${payload("argument")} /bin/sh -c ${payload("shell")}` },
      { created_by: "COPY file2 /" },
    ],
    config: {
      author: payload("author"),
      created: payload("created"),
      variant: payload("variant"),
      config: {
        User: payload("user"),
        Env: [payload("env"), `LONG=long:${LONG}`],
        Entrypoint: [payload("entry")],
        Cmd: [payload("cmd")],
        WorkingDir: payload("dir"),
        ExposedPorts: { [payload("port")]: {} },
        Volumes: { [payload("volume")]: {} },
        StopSignal: payload("signal"),
        Labels: { [payload("label")]: payload("value"), ["__proto__"]: payload("proto"), ...LINKS },
      },
    },
    manifest: { annotations: { [payload("note")]: payload("noted"), ...LINKS } },
  });
}

/** Fails if anything of it ran, became an element or a link, or is shown as it is. */
async function inert(page) {
  await page.waitForTimeout(100);
  assert.equal(await page.evaluate(() => window.ran), undefined);
  assert.equal(await page.locator("body img, body script, body iframe, body object").count(), 0);
  for (const text of [await page.locator("body").innerText(), await page.title()]) {
    const bare = text.search(/[\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]|[^\P{Cc}\n\t]/u);
    assert.equal(bare < 0 ? "" : JSON.stringify(text.slice(Math.max(0, bare - 60), bare + 20)), "");
  }
  // What is read aloud and what hovers: attributes do not spell anything out by themselves.
  const attributes = await page
    .locator("body *")
    .evaluateAll((all) => all.flatMap((one) => [...one.attributes].map(({ value }) => value)));
  assert.deepEqual(
    attributes.filter((value) => /[\p{Cf}\p{Co}]|[^\P{Cc}\n]/u.test(value)),
    [],
  );
  for (const link of await page.locator("a[target]").all()) {
    assert.match(await link.getAttribute("href"), /^https?:\/\/[a-z.]+\//);
    assert.equal(await link.getAttribute("rel"), "noopener noreferrer");
  }
  assert.equal(await page.getByRole("link", { name: /javascript|data:|file:|secret|moc/ }).count(), 0);
  await picture(page, "hostile-now", { fullPage: true });
  assert.equal(await overflows(page), false);
  await accessible(page);
}

async function everything(page) {
  for (const where of SEEN.filter((where) => where !== "long")) {
    await page.locator("main").getByText(`${where}:${ELEMENT}`).first().waitFor();
    await page.locator("main").getByText(SPELLED).first().waitFor();
  }
  await page.getByText("more characters").first().waitFor();
}

test("an image from a registry", async () => {
  for (const width of [320, 1280]) {
    const { page, done } = await openPage(browser, { viewport: { width, height: 900 } });
    await openImage(page, at.url, `${registry.host}/team/hostile:1`);
    await everything(page);
    await inert(page);
    await picture(page, `hostile-${width}`, { fullPage: true });
    await page.getByRole("tab", { name: "architecture:<img" }).click();
    await page.waitForURL(/platform=/);
    await page.locator("[aria-busy=false]").waitFor();
    await inert(page);
    await picture(page, `hostile-platform-${width}`, { fullPage: true });
    await page.getByRole("link", { name: "Lugger" }).click();
    await page.getByRole("listitem").getByRole("link").waitFor();
    await inert(page);
    await done();
  }
});

test("an archive whose file, names and tags are payloads", async () => {
  const { page, done } = await openPage(browser);
  await page.goto(at.url);
  // A file name holds all but a slash and a zero.
  const odd = payload("file").replaceAll("/", "").replaceAll("\0", "").slice(0, 120);
  const archive = path.join(folder, `${odd}.tar`);
  writeFileSync(archive, tar(layout(hostile(), payload("name"))));
  await drop(page, [archive]);
  await everything(page);
  await inert(page);
  await picture(page, "hostile-archive", { fullPage: true });
  await page.getByRole("link", { name: "Lugger" }).click();
  await page.getByRole("button", { name: /^Delete (?!all)/ }).click();
  await page.getByRole("dialog").waitFor();
  await inert(page);
  await picture(page, "hostile-recent");
  await page.keyboard.press("Escape");

  const broken = path.join(folder, `${odd}-broken.tar`);
  writeFileSync(broken, payload("content"));
  await drop(page, [broken]);
  await page.getByLabel("What went wrong").getByText("file:<img").waitFor();
  await inert(page);
  await picture(page, "hostile-file");
  await done();
});

test("an address, and what a registry says", async () => {
  const { page, done } = await openPage(browser, { tolerate: /status of 403/ });
  await page.goto(
    `${at.url}#/image/${encodeURIComponent(payload("name"))}?platform=${encodeURIComponent(payload("p"))}`,
  );
  await page.getByRole("heading", { name: "name:<img" }).waitFor();
  await page.getByLabel("What went wrong").waitFor();
  await inert(page);
  await picture(page, "hostile-address");
  await openImage(page, at.url, `${registry.host}/team/refuses:1`);
  await page.getByLabel("What went wrong").getByText("message:<img").first().waitFor();
  await inert(page);
  await picture(page, "hostile-refusal");
  await done();
});
