/** A browser, a page that is watched, and a static server. What goes wrong in a page fails the test that used it. */

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import http from "node:http";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

export const TYPES = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

export const ARGUMENTS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** When something is given up, in milliseconds: only a test that fails waits so long. */
const PATIENCE = 60_000;

const OUT = fileURLToPath(new URL("./out/", import.meta.url));
const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** Serves a folder as any static host would: no header of its own. Gives the address and a way to stop. */
export async function serveFolder(folder) {
  const server = http.createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    const file = path.join(folder, path.posix.normalize(pathname === "/" ? "/index.html" : pathname));
    try {
      const body = readFileSync(file);
      response.writeHead(200, { "content-type": TYPES[path.extname(file)] ?? "application/octet-stream" }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = () => new Promise((resolve) => server.close(resolve));
  return { url: `http://127.0.0.1:${server.address().port}/`, stop };
}

export function launch(more = []) {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  return chromium.launch({ executablePath, args: [...ARGUMENTS, ...more] });
}

/** A browser that keeps what it stores in a folder, as people's do: contexts of the other kind have it in memory. */
export async function launchIn(folder) {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  const context = await chromium.launchPersistentContext(folder, { executablePath, args: ARGUMENTS });
  context.setDefaultTimeout(PATIENCE);
  return context;
}

/**
 * A page of its own context. `troubles` is what went wrong so far; `done` closes it and fails if there is any but those
 * that match `tolerate`: a browser complains aloud of answers that a page may not read.
 */
export async function openPage(browser, { tolerate, ...options } = {}) {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    permissions: ["clipboard-read", "clipboard-write"],
    ...options,
  });
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  const troubles = await watch(page);
  const done = async () => {
    await context.close();
    assert.deepEqual(
      troubles.filter((trouble) => !tolerate?.test(trouble)),
      [],
    );
  };
  return { page, context, troubles, done };
}

/**
 * Notes errors in the console, errors that nobody caught, requests that failed, and what the policy stopped.
 *
 * Not that a request was given up: a browser says so of whatever it has not told the end of when a page stops something or
 * goes away, and the page itself shows an operation that ended by it.
 */
async function watch(page) {
  const troubles = [];
  page.on("console", (message) => message.type() === "error" && troubles.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => troubles.push(`error: ${error.message}`));
  page.on("requestfailed", (request) => {
    const why = request.failure()?.errorText;
    if (why !== "net::ERR_ABORTED") {
      troubles.push(`request: ${request.url()} ${why}`);
    }
  });
  await page.exposeFunction("noteViolation", (text) => troubles.push(`policy: ${text}`));
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) => {
      window.noteViolation(`${event.violatedDirective} ${event.blockedURI}`);
    });
  });
  return troubles;
}

/** What axe finds wrong, in both colour schemes. */
export async function accessible(page) {
  const source = readFileSync(AXE, "utf8");
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    // Through the debugger: the policy of the page lets no other script in.
    const session = await page.context().newCDPSession(page);
    await session.send("Runtime.evaluate", { expression: source });
    const expression = `axe.run().then((found) => JSON.stringify(found.violations))`;
    const { result } = await session.send("Runtime.evaluate", { expression, awaitPromise: true });
    await session.detach();
    const found = JSON.parse(result.value).map(({ id, nodes }) => ({
      id,
      at: nodes.map(({ target, failureSummary }) => `${target}: ${failureSummary}`),
    }));
    assert.deepEqual(found, [], `${colorScheme}: ${page.url()}`);
  }
}

/** A picture in `out/`, for people to look at. */
export async function picture(page, name, options = {}) {
  mkdirSync(OUT, { recursive: true });
  await page.screenshot({ path: path.join(OUT, `${name}.png`), ...options });
}

/**
 * Slows the page's worker down: files, and what it has stored, are read at a mebibyte a second at most from now on, so that
 * what is done meanwhile fits on any machine. Gives what ends that.
 */
export async function slowReads(page) {
  const worker = page.workers()[0] ?? (await page.waitForEvent("worker"));
  const pause = await worker.evaluateHandle(() => {
    const pause = { milliseconds: 500 };
    const { stream } = Blob.prototype;
    Blob.prototype.stream = function () {
      const bytes = stream.call(this);
      bytes.getReader = (options) => {
        const reader = ReadableStream.prototype.getReader.call(bytes, options);
        reader.read = async (view) => {
          // Not longer: who stops it waits for this, too.
          await new Promise((resolve) => setTimeout(resolve, pause.milliseconds));
          return ReadableStreamBYOBReader.prototype.read.call(reader, view);
        };
        return reader;
      };
      return bytes;
    };
    return pause;
  });
  return () =>
    pause.evaluate((pause) => {
      pause.milliseconds = 0;
    });
}

/** Whether the page is wider than its window. */
export function overflows(page) {
  return page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
}

/** How far things moved by themselves since the page was opened (cumulative layout shift). */
export async function shifts(page) {
  return await page.evaluate(
    () =>
      new Promise((resolve) => {
        let sum = 0;
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) {
            sum += entry.hadRecentInput ? 0 : entry.value;
          }
        }).observe({ type: "layout-shift", buffered: true });
        setTimeout(() => resolve(sum), 100);
      }),
  );
}

/** Drops files and folders of this machine on the page, as a person would. */
export async function drop(page, files) {
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files, dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"]) {
    await session.send("Input.dispatchDragEvent", { type, x: 200, y: 300, data });
  }
  await session.detach();
}
