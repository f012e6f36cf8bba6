/** Layers and images for which only their bytes matter: many, random, or more than anybody has in memory. */

import { createHash, randomBytes } from "node:crypto";
import { OCI, sha256, tar, tarHeader } from "./image.mjs";

const json = (value) => Buffer.from(JSON.stringify(value));

/** One image of layers as they are given, all of them stored as they are: bytes in memory, or {@link endless} ones. */
export function plainImage(layers) {
  const blobs = new Map();
  const put = (bytes, mediaType) => {
    const digest = bytes.digest ?? sha256(bytes);
    blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const rows = layers.map((layer) => put(layer, `${OCI}.layer.v1.tar`));
  const rootfs = { type: "layers", diff_ids: rows.map(({ digest }) => digest) };
  const config = put(json({ architecture: "amd64", os: "linux", rootfs }), `${OCI}.config.v1+json`);
  const manifest = { schemaVersion: 2, mediaType: `${OCI}.manifest.v1+json`, config, layers: rows };
  return { target: put(json(manifest), manifest.mediaType), blobs };
}

/** A layer of one file, of bytes that nothing compresses. */
export function randomLayer(length) {
  return tar({ file: randomBytes(length) });
}

/** A layer of one file that nobody has in memory: a block of random bytes, again and again. */
export function endless(blocks) {
  const block = randomBytes(1 << 20);
  const header = tarHeader("file", blocks * block.length);
  const parts = [header, ...Array(blocks).fill(block), Buffer.alloc(1024)];
  const hash = createHash("sha256");
  for (const part of parts) {
    hash.update(part);
  }
  return {
    length: parts.reduce((sum, part) => sum + part.length, 0),
    digest: `sha256:${hash.digest("hex")}`,
    /** What there is from an offset on, at least a byte and at most a block. */
    piece(at) {
      const from = at - header.length;
      if (from < 0) {
        return header.subarray(at);
      }
      const number = Math.floor(from / block.length);
      return parts[number + 1].subarray(from - number * block.length);
    },
  };
}
