/** A small image made here: as the files of an OCI layout, as an archive, and in a registry that lets pages read its answers. */

import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";

const OCI = "application/vnd.oci.image";

const sha256 = (bytes) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
const json = (value) => Buffer.from(JSON.stringify(value));

/** The header of a plain file of so many bytes. */
export function tarHeader(name, length) {
  const header = Buffer.alloc(512);
  header.write(name);
  header.write("0000644\0", 100);
  header.write("0000000\0", 108);
  header.write("0000000\0", 116);
  header.write(`${length.toString(8).padStart(11, "0")}\0`, 124);
  header.write("00000000000\0", 136);
  header.write("        0", 148);
  header.write("ustar\u000000", 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return header;
}

/** A tar of plain files. */
export function tar(files) {
  const blocks = [];
  for (const [name, body] of Object.entries(files)) {
    blocks.push(tarHeader(name, body.length), body, Buffer.alloc((512 - (body.length % 512)) % 512));
  }
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

/** Content that does not compress, the same every time. */
function noise(length, seed) {
  const parts = [];
  for (let n = 0; n * 32 < length; n++) {
    parts.push(createHash("sha256").update(`${seed} ${n}`).digest());
  }
  return Buffer.concat(parts).subarray(0, length);
}

/** An index of two platforms. `blobs` by digest; `target` leads to them. */
export function makeImage({ damaged = false } = {}) {
  const blobs = new Map();
  const put = (bytes, mediaType, more = {}) => {
    const digest = sha256(bytes);
    blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.length, ...more };
  };
  const manifests = ["amd64", "arm64"].map((architecture) => {
    const tars = [3_000_000, 40_000, 700].map((size, n) => tar({ [`file${n}`]: noise(size, `${architecture}${n}`) }));
    const layers = tars.map((bytes) => put(gzipSync(bytes), `${OCI}.layer.v1.tar+gzip`));
    const diffIds = tars.map(sha256);
    if (damaged) {
      diffIds[1] = sha256(Buffer.from("something else"));
    }
    const config = {
      architecture,
      os: "linux",
      created: "2026-11-03T14:22:10Z",
      config: {
        Entrypoint: ["/file0"],
        Env: ["PATH=/bin"],
        Labels: {
          "org.opencontainers.image.source": "https://git.example/app",
          odd: "a\u202eb<script>alert(1)</script>",
        },
      },
      rootfs: { type: "layers", diff_ids: diffIds },
      history: [
        { created: "2026-11-03T14:22:10Z", created_by: "/bin/sh -c #(nop) ADD file:0 in / " },
        { created_by: "ENV PATH=/bin", empty_layer: true },
        { created_by: "RUN /bin/sh -c make && make install # buildkit", comment: "buildkit.dockerfile.v0" },
        { created_by: "COPY file2 / # buildkit" },
      ],
    };
    const manifest = {
      schemaVersion: 2,
      mediaType: `${OCI}.manifest.v1+json`,
      config: put(json(config), `${OCI}.config.v1+json`),
      layers,
    };
    return put(json(manifest), manifest.mediaType, { platform: { architecture, os: "linux" } });
  });
  const index = { schemaVersion: 2, mediaType: `${OCI}.index.v1+json`, manifests };
  return { target: put(json(index), index.mediaType), blobs };
}

/** The files of an OCI layout, by path. */
export function layout({ target, blobs }, name) {
  const annotations = { "org.opencontainers.image.ref.name": name };
  const files = {
    "oci-layout": json({ imageLayoutVersion: "1.0.0" }),
    "index.json": json({ schemaVersion: 2, manifests: [{ ...target, annotations }] }),
  };
  for (const [digest, bytes] of blobs) {
    files[`blobs/${digest.replace(":", "/")}`] = bytes;
  }
  return files;
}

/** Writes the files below a folder. */
export function write(folder, files) {
  for (const [name, bytes] of Object.entries(files)) {
    const place = path.join(folder, name);
    mkdirSync(path.dirname(place), { recursive: true });
    writeFileSync(place, bytes);
  }
}

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

/**
 * Serves images by `repository:tag`. With `cors: false` it is like most of them: pages cannot read what it says. A `pace` is
 * in bytes per second, of each body.
 *
 * `asked` is every request; `served` the transfers of each blob: the `range` that was asked for, and the bytes `sent`.
 */
export async function serveRegistry(images, { cors = true, pace = Number.POSITIVE_INFINITY } = {}) {
  const asked = [];
  const served = new Map();
  const server = http.createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    if (cors) {
      response.setHeader("access-control-allow-origin", "*");
      response.setHeader("access-control-expose-headers", "*");
      if (request.method === "OPTIONS") {
        response.setHeader("access-control-allow-headers", request.headers["access-control-request-headers"] ?? "*");
        response.writeHead(204).end();
        return;
      }
    }
    const found = /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(request.url);
    const image = found && images[found[1]];
    const digest = image && (found[3].includes(":") ? found[3] : image.target.digest);
    const bytes = image?.blobs.get(digest);
    if (bytes === undefined) {
      response.writeHead(request.url === "/v2/" ? 200 : 404).end();
      return;
    }
    const manifest = found[2] === "manifests";
    const type = manifest ? JSON.parse(bytes).mediaType : "application/octet-stream";
    const range = (!manifest && request.headers.range) || null;
    const [from, to] = part(range, bytes.length);
    const head = { "content-type": type, "content-length": to - from, "docker-content-digest": digest };
    if (range !== null) {
      head["content-range"] = `bytes ${from}-${to - 1}/${bytes.length}`;
    }
    response.writeHead(range === null ? 200 : 206, head);
    if (request.method === "HEAD" || manifest) {
      response.end(request.method === "HEAD" ? undefined : bytes);
      return;
    }
    const transfer = { range, sent: 0 };
    served.set(digest, [...(served.get(digest) ?? []), transfer]);
    void send(response, bytes, from, to, pace, transfer);
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
async function send(response, bytes, from, to, pace, transfer) {
  const most = Number.isFinite(pace) ? 128 << 10 : 1 << 20;
  const gone = once(response, "close").catch(() => undefined);
  const began = performance.now();
  for (let at = from; at < to && !response.destroyed; ) {
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
