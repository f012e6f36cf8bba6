// What a browser does to `lugger serve` on behalf of pages that are not ours (browser.md §5): DNS rebinding, a hostile
// page, another port of this machine. The rest of the checklist needs no browser: host-native/tests/cli/serve/.
import assert from "node:assert/strict";
import http from "node:http";
import { after, before, test } from "node:test";
import { launch } from "./harness.mjs";
import { serve } from "./process.mjs";

let served, browser, other, heads;

before(async () => {
  served = await serve();
  heads = [];
  other = http.createServer((request, response) => {
    heads.push(request);
    response.setHeader("content-type", "text/html");
    response.end("<!doctype html><title>another</title>");
  });
  await new Promise((resolve) => other.listen(0, "127.0.0.1", resolve));
  browser = await launch(["--host-resolver-rules=MAP rebind.test 127.0.0.1,MAP evil.test 127.0.0.1"]);
});

after(async () => {
  await browser?.close();
  other?.close();
  await served?.stop();
});

/** A page of its own context at a URL, and the answer that it came from. */
async function at(url) {
  const page = await (await browser.newContext()).newPage();
  const response = await page.goto(url);
  return { page, response };
}

/** What a page gets of a URL: its status, what kind of answer a page may see, or its error. */
function get(page, url, init = {}) {
  return page.evaluate(
    async ([url, init]) => {
      try {
        const response = await fetch(url, init);
        return response.type === "opaque" ? "opaque" : response.status;
      } catch (error) {
        return error.name;
      }
    },
    [url, init],
  );
}

const withToken = () => ({ headers: { "x-lugger-token": served.token } });

/** Whether a registry was confirmed, as the page of our origin sees it. */
async function isConfirmed(registry) {
  const { page } = await at(served.url);
  const status = await page.evaluate(
    async ([registry, init]) => {
      const response = await fetch(`/api/v1/tags?ref=${registry}/a`, init);
      return (await response.json()).errors[0].code !== "CONFIRM";
    },
    [registry, withToken()],
  );
  await page.close();
  return status;
}

test("the page itself: by its token, without cookies", async () => {
  const { page, response } = await at(served.url);
  assert.equal(response.status(), 200);
  assert.equal(await get(page, "/api/v1/about", withToken()), 200);
  assert.equal(await get(page, "/api/v1/about"), 401);
  assert.equal(await get(page, "/api/v1/about", { headers: { "x-lugger-token": "guess" } }), 401);
  assert.deepEqual(await page.context().cookies(), []);
  assert.equal((await page.reload()).status(), 200);
});

test("the page runs and asks nothing that is not ours", async () => {
  const { page } = await at(served.url);
  const ran = await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "window.ran = true";
    document.body.append(script);
    const image = document.createElement("img");
    image.setAttribute("onerror", "window.ran = true");
    image.src = "/no-such-image";
    document.body.append(image);
    return new Promise((resolve) => setTimeout(() => resolve(window.ran === true), 500));
  });
  assert.equal(ran, false, "inline scripts and handlers do not run");
  assert.equal(await get(page, `http://evil.test:${other.address().port}/`, { mode: "no-cors" }), "TypeError");
  assert.equal(await page.evaluate(() => crossOriginIsolated), true);
});

test("a name that was rebound to this machine is not ours, on no path", async () => {
  const rebound = `http://rebind.test:${served.port}`;
  for (const path of ["/", "/index.html", "/api/v1/about"]) {
    const { response } = await at(rebound + path);
    assert.equal(response.status(), 421, path);
  }
  const { page } = await at(`${rebound}/`);
  assert.equal(await get(page, "/api/v1/about", withToken()), 421);
  assert.equal(await get(page, "/api/v1/allow?registry=rebound.example", { method: "POST", ...withToken() }), 421);
  assert.equal(await isConfirmed("rebound.example"), false);
});

for (const [who, host] of [
  ["a hostile page", "evil.test"],
  ["a page of another port of this machine", "127.0.0.1"],
]) {
  test(`${who} gets nothing and does nothing`, async () => {
    const { page } = await at(`http://${host}:${other.address().port}/`);
    const about = `${served.origin}/api/v1/about`;
    assert.equal(await get(page, about), "TypeError");
    assert.equal(await get(page, about, { credentials: "include" }), "TypeError");
    // Also with a token that leaked: nobody answers the preflight that it needs.
    assert.equal(await get(page, about, withToken()), "TypeError");
    const allow = `${served.origin}/api/v1/allow?registry=allowed.example`;
    assert.equal(await get(page, allow, { method: "POST", ...withToken() }), "TypeError");
    await get(page, allow, { method: "POST", mode: "no-cors", credentials: "include" });
    const posted = page.waitForResponse((response) => response.request().isNavigationRequest());
    await page.evaluate((action) => {
      const frame = document.createElement("iframe");
      frame.name = "target";
      const form = document.createElement("form");
      Object.assign(form, { action, method: "POST", target: "target" });
      document.body.append(frame, form);
      form.submit();
    }, allow);
    assert.deepEqual([(await posted).url(), (await posted).status()], [allow, 403]);
    assert.equal(await isConfirmed("allowed.example"), false);
    const loaded = await page.evaluate(
      (origin) =>
        Promise.all(
          ["img", "script"].map(
            (name) =>
              new Promise((resolve) => {
                const element = document.createElement(name);
                element.onload = () => resolve(true);
                element.onerror = () => resolve(false);
                element.src = `${origin}/`;
                document.body.append(element);
              }),
          ),
        ),
      served.origin,
    );
    assert.deepEqual(loaded, [false, false]);
  });

  test(`${who} neither frames the page nor opens it`, async () => {
    const { page } = await at(`http://${host}:${other.address().port}/`);
    const framed = page.waitForResponse((response) => response.url() === `${served.origin}/`);
    await page.evaluate((src) => {
      const frame = document.createElement("iframe");
      frame.src = `${src}/`;
      document.body.append(frame);
    }, served.origin);
    assert.equal((await framed).status(), 403);
    const opened = page.waitForResponse((response) => response.url() === `${served.origin}/`);
    await page.evaluate((url) => location.assign(url), `${served.origin}/#t=${served.token}`);
    assert.equal((await opened).status(), 403);
  });
}

test("nobody hears where the page was", async () => {
  const { page } = await at(served.url);
  heads.length = 0;
  await page.goto("about:blank");
  await page.goto(served.url);
  await page.evaluate((url) => location.assign(url), `http://127.0.0.1:${other.address().port}/next`);
  await page.waitForURL("**/next");
  const next = heads.find((request) => request.url === "/next");
  assert.equal(next.headers.referer, undefined);
  assert.ok(!JSON.stringify(next.headers).includes(served.token));
});
