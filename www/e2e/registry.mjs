/** A registry made here, which behaves as badly as a test needs it. */

import { once } from "node:events";
import http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

const FOUND = /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/;
const CHUNK = 64 << 10;

/**
 * Serves images by repository, whatever the tag. Pages can read what it says, unless `cors` is false: then it is like
 * most registries. `answer(repository, what, digest)` may give `{ status, headers, body }` to be said instead, `bytes` to
 * be sent instead, or `before`, what to wait for before each piece. A `pace` is in bytes per second, of each body.
 *
 * `asked` is every request; `served` the transfers of each blob: the `range` that was asked for, and the bytes `sent`.
 */
export async function serveRegistry(
  images,
  { cors = true, answer = () => undefined, pace = Number.POSITIVE_INFINITY } = {},
) {
  const asked = [];
  const served = new Map();
  const server = http.createServer(async (request, response) => {
    asked.push(request);
    if (cors) {
      response.setHeader("access-control-allow-origin", "*");
      response.setHeader("access-control-expose-headers", "*, www-authenticate");
      if (request.method === "OPTIONS") {
        response.setHeader("access-control-allow-headers", request.headers["access-control-request-headers"] ?? "*");
        response.writeHead(204).end();
        return;
      }
    }
    const [, repository, what, reference] = FOUND.exec(request.url) ?? [];
    const image = images[repository];
    const digest = image && (reference.includes(":") ? reference : image.target.digest);
    const own = answer(repository, what, digest) ?? {};
    const bytes = own.bytes ?? image?.blobs.get(digest);
    if (own.status !== undefined || bytes === undefined) {
      const status = own.status ?? (request.url === "/v2/" ? 200 : 404);
      response.writeHead(status, own.headers).end(request.method === "HEAD" ? undefined : own.body);
      return;
    }
    const manifest = what === "manifests";
    const range = (!manifest && request.headers.range) || null;
    const [from, to] = part(range, bytes.length);
    const head = {
      "content-type": manifest ? JSON.parse(bytes).mediaType : "application/octet-stream",
      "content-length": to - from,
      "docker-content-digest": digest,
      ...own.headers,
    };
    if (range !== null) {
      head["content-range"] = `bytes ${from}-${to - 1}/${bytes.length}`;
    }
    response.writeHead(range === null ? 200 : 206, head);
    if (request.method === "HEAD") {
      response.end();
      return;
    }
    const transfer = { range, sent: 0 };
    if (!manifest) {
      served.set(digest, [...(served.get(digest) ?? []), transfer]);
    }
    await send(response, bytes, { from, to, pace, before: own.before }, transfer);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { host: `127.0.0.1:${server.address().port}`, asked, served, stop };
}

/** What a `Range` asks for, as offsets. */
function part(range, length) {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range ?? "") ?? [null, "0", ""];
  return [Number(first), last === "" ? length : Number(last) + 1];
}

/** Sends a part at a pace, in pieces that are small enough for it to be even. */
async function send(response, bytes, { from, to, pace, before }, transfer) {
  const most = before || Number.isFinite(pace) ? CHUNK : 1 << 20;
  const gone = once(response, "close").catch(() => undefined);
  const began = performance.now();
  for (let at = from; at < to && !response.destroyed; ) {
    await Promise.race([before?.(), gone]);
    const rest = bytes.piece?.(at) ?? bytes.subarray(at);
    const piece = rest.subarray(0, Math.min(most, to - at));
    at += piece.length;
    transfer.sent += piece.length;
    if (!response.write(piece)) {
      await Promise.race([once(response, "drain"), gone]);
    }
    const early = ((at - from) / pace) * 1000 - (performance.now() - began);
    if (early > 0) {
      await sleep(early);
    }
  }
  response.end();
}
