/** A browser that no debugger watches: one that does copies every byte that a page fetches, to show it to people. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { ARGUMENTS, TYPES } from "../e2e/harness.mjs";

/**
 * Opens the page of a folder in a browser of its own, which keeps what it stores in another. `ask` is a request to the page's
 * worker; `fetch` has a worker that does nothing else fetch something, and drop it.
 */
export async function openUnwatched(folder, profile) {
  const asked = [];
  let answers;
  let wake;
  const server = http.createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    if (pathname === "/asked") {
      const answer = JSON.parse(Buffer.concat(await request.toArray()).toString());
      if (answer !== null) {
        answers(answer);
      }
      while (asked.length === 0) {
        await new Promise((resolve) => {
          wake = resolve;
        });
      }
      response.end(JSON.stringify(asked.shift()));
      return;
    }
    const file = pathname === "/" ? "index.html" : path.posix.normalize(pathname);
    try {
      const body = OURS[file] ?? readFileSync(path.join(folder, file));
      const type = TYPES[path.extname(file)] ?? "application/octet-stream";
      response.writeHead(200, { "content-type": type });
      // Before the page's own script, which starts the worker.
      response.end(
        pathname === "/" ? body.toString().replace("<head>", '<head><script src="/bench.js"></script>') : body,
      );
    } catch {
      response.writeHead(404).end();
    }
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const executable = process.env.CHROMIUM ?? "/usr/bin/chromium";
  const url = `http://127.0.0.1:${server.address().port}/`;
  const browser = spawn(executable, [...ARGUMENTS, `--user-data-dir=${profile}`, url], { stdio: "ignore" });
  const ended = once(browser, "exit");
  const ask = async (request) => {
    const answered = new Promise((resolve) => {
      answers = resolve;
    });
    asked.push(request);
    wake?.();
    const { ok, failure } = await answered;
    if (failure !== undefined) {
      throw new Error(`${failure.kind}: ${failure.message}`);
    }
    return ok;
  };
  const fetch = (urls) => ask({ urls });
  const close = async () => {
    browser.kill();
    await ended;
    server.closeAllConnections();
    server.close();
  };
  return { ask, fetch, close };
}

/** In the page: keeps the worker that it starts, and passes on to it what is asked here. */
async function pass() {
  const Native = Worker;
  const started = new Promise((resolve) => {
    window.Worker = class extends Native {
      constructor(...given) {
        super(...given);
        this.addEventListener("message", ({ data }) => data.id === 0 && resolve(this));
      }
    };
  });
  // Beyond all numbers that the page gets to by itself.
  for (let id = 1e6, answer = null; ; id++) {
    const request = await (await fetch("/asked", { method: "POST", body: JSON.stringify(answer) })).json();
    const worker = request.urls ? new Native("/receive.js") : await started;
    answer = await new Promise((resolve) => {
      worker.addEventListener("message", ({ data }) => data.id === id && !("event" in data) && resolve(data));
      worker.addEventListener("error", () => resolve({ failure: { kind: "worker", message: "it could not be run" } }));
      worker.postMessage({ ...request, id });
    });
  }
}

/** In a worker: receives into one buffer, again and again. */
function receive() {
  addEventListener("message", async ({ data: { id, urls } }) => {
    await Promise.all(
      urls.map(async (url) => {
        const { body } = await fetch(url, { cache: "no-store" });
        const reader = body.getReader({ mode: "byob" });
        for (let chunk = { value: new Uint8Array(512 << 10) }; !chunk.done; ) {
          chunk = await reader.read(new Uint8Array(chunk.value.buffer));
        }
      }),
    );
    postMessage({ id, ok: null });
    close();
  });
}

/** What the page's folder does not have. */
const OURS = { "/bench.js": `(${pass})()`, "/receive.js": `(${receive})()` };
