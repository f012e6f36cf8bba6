/** A registry made here, which behaves as badly as a test needs it. */

import http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

const FOUND = /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/;
const CHUNK = 64 << 10;

/**
 * Serves images by repository, whatever the tag. Pages can read what it says, unless `cors` is false: then it is like
 * most registries. `answer(repository, what, digest)` may give `{ status, headers, body }` to be said instead, or
 * `{ bytes, pause }` to be sent instead, with so many milliseconds before each piece.
 */
export async function serveRegistry(images, { cors = true, answer = () => undefined } = {}) {
  const asked = [];
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
    const type = what === "manifests" ? JSON.parse(bytes).mediaType : "application/octet-stream";
    response.writeHead(200, {
      "content-type": type,
      "content-length": bytes.length,
      "docker-content-digest": digest,
      ...own.headers,
    });
    for (let from = 0; request.method !== "HEAD" && from < bytes.length && !response.destroyed; from += CHUNK) {
      if (own.pause !== undefined) {
        await sleep(own.pause);
      }
      response.write(bytes.subarray(from, from + CHUNK));
    }
    response.end();
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { host: `127.0.0.1:${server.address().port}`, asked, stop };
}
