/** What the benchmark moves: the same bytes every time, so that a registry that is kept has them already. */

import { createCipheriv, createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { saved, tarHeader } from "../e2e/image.mjs";

/** A layer of one file of so many bytes that nothing compresses. */
export function layer(seed, length) {
  const key = createHash("sha256").update(String(seed)).digest();
  const noise = createCipheriv("aes-256-ctr", key, Buffer.alloc(16)).update(Buffer.alloc(length));
  return Buffer.concat([tarHeader(`file${seed}`, length), noise, Buffer.alloc(1024)]);
}

/** Puts an image into a registry (distribution-spec, "Pushing"). */
export async function push(host, repository, { target, blobs }) {
  const at = `http://${host}/v2/${repository}`;
  for (const [digest, bytes] of blobs) {
    if (digest === target.digest || (await fetch(`${at}/blobs/${digest}`, { method: "HEAD" })).ok) {
      continue;
    }
    const begun = await fetch(`${at}/blobs/uploads/`, { method: "POST" });
    const place = new URL(begun.headers.get("location"), at);
    place.searchParams.set("digest", digest);
    const headers = { "content-type": "application/octet-stream" };
    await expect(fetch(place, { method: "PUT", body: bytes, headers }));
  }
  const headers = { "content-type": target.mediaType };
  await expect(fetch(`${at}/manifests/1`, { method: "PUT", body: blobs.get(target.digest), headers }));
}

async function expect(answer) {
  const { ok, status, url } = await answer;
  if (!ok) {
    throw new Error(`${url} answers ${status}`);
  }
}

/** Writes what `docker save` would. Yields the length. */
export async function save(file, layers, name) {
  const parts = Object.entries(saved(layers, name)).flatMap(([name, bytes]) => [
    tarHeader(name, bytes.length),
    bytes,
    Buffer.alloc((512 - (bytes.length % 512)) % 512),
  ]);
  parts.push(Buffer.alloc(1024));
  await pipeline(Readable.from(parts.filter(({ length }) => length > 0)), createWriteStream(file));
  return parts.reduce((sum, { length }) => sum + length, 0);
}
