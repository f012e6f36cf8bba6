/** Images made here: as the files of an OCI layout, and as an archive. */

import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";

export const OCI = "application/vnd.oci.image";

export const sha256 = (bytes) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
const json = (value) => Buffer.from(JSON.stringify(value));

/** The header of a plain file in a tar. */
export function tarHeader(name, size) {
  const header = Buffer.alloc(512);
  header.write(name);
  header.write("0000644\0", 100);
  header.write("0000000\0", 108);
  header.write("0000000\0", 116);
  header.write(`${size.toString(8).padStart(11, "0")}\0`, 124);
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
export function noise(length, seed) {
  const parts = [];
  for (let n = 0; n * 32 < length; n++) {
    parts.push(createHash("sha256").update(`${seed} ${n}`).digest());
  }
  return Buffer.concat(parts).subarray(0, length);
}

/** What is in the layers of a usual image. */
const FILES = (architecture) =>
  [3_000_000, 40_000, 700].map((size, n) => ({ [`file${n}`]: noise(size, `${architecture}${n}`) }));

const HISTORY = [
  { created: "2026-11-03T14:22:10Z", created_by: "/bin/sh -c #(nop) ADD file:0 in / " },
  { created_by: "ENV PATH=/bin", empty_layer: true },
  { created_by: "RUN /bin/sh -c make && make install # buildkit", comment: "buildkit.dockerfile.v0" },
  { created_by: "COPY file2 / # buildkit" },
];

/**
 * An index of two platforms, one of them with an attestation. `blobs` by digest; `target` leads to them.
 *
 * `files` gives the files of each layer; `config` and `manifest` are members on top of the usual ones; `damaged` is a
 * layer that does not unpack to its diffID.
 */
export function makeImage({
  damaged = false,
  architectures = ["amd64", "arm64"],
  files = FILES,
  history = HISTORY,
  config: more = {},
  manifest: also = {},
} = {}) {
  const blobs = new Map();
  const put = (bytes, mediaType, more = {}) => {
    const digest = sha256(bytes);
    blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.length, ...more };
  };
  const manifests = architectures.map((architecture) => {
    const tars = files(architecture).map(tar);
    const layers = tars.map((bytes) => put(gzipSync(bytes, { level: 1 }), `${OCI}.layer.v1.tar+gzip`));
    const diffIds = tars.map(sha256);
    if (damaged) {
      diffIds[1] = sha256(Buffer.from("something else"));
    }
    const config = {
      architecture,
      os: "linux",
      created: "2026-11-03T14:22:10Z",
      config: {
        User: "app",
        Env: ["PATH=/usr/local/bin:/usr/bin:/bin", "NODE_ENV=production"],
        Entrypoint: ["/usr/bin/tini", "--", "node", "server.js"],
        Cmd: ["--port", "8080"],
        WorkingDir: "/srv/app",
        ExposedPorts: { "8080/tcp": {}, "9090/tcp": {} },
        Volumes: { "/srv/app/data": {} },
        Labels: {
          "org.opencontainers.image.source": "https://git.example/owner/app",
          "org.opencontainers.image.licenses": "MIT OR Apache-2.0",
          "org.opencontainers.image.description": "A small service that says hello,\nin two lines",
        },
        StopSignal: "SIGTERM",
      },
      rootfs: { type: "layers", diff_ids: diffIds },
      history,
      ...more,
    };
    const manifest = {
      schemaVersion: 2,
      mediaType: `${OCI}.manifest.v1+json`,
      config: put(json(config), `${OCI}.config.v1+json`),
      layers,
      annotations: { "org.opencontainers.image.url": "https://app.example/" },
      ...also,
    };
    return put(json(manifest), manifest.mediaType, { platform: { architecture, os: "linux" } });
  });
  manifests.push(attestation(put, manifests[0].digest));
  const index = { schemaVersion: 2, mediaType: `${OCI}.index.v1+json`, manifests };
  return { target: put(json(index), index.mediaType), blobs };
}

/** What BuildKit puts beside an image about how it was built. */
function attestation(put, about) {
  const statement = put(json({ predicateType: "https://slsa.dev/provenance/v1" }), "application/vnd.in-toto+json");
  const rootfs = { type: "layers", diff_ids: [statement.digest] };
  const config = put(json({ architecture: "unknown", os: "unknown", config: {}, rootfs }), `${OCI}.config.v1+json`);
  const mediaType = `${OCI}.manifest.v1+json`;
  return put(json({ schemaVersion: 2, mediaType, config, layers: [statement] }), mediaType, {
    platform: { architecture: "unknown", os: "unknown" },
    annotations: { "vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": about },
  });
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

/** The files of what `docker save` writes, by path: plain layers, a configuration, and a list of both. */
export function saved(layers, name) {
  const paths = layers.map((_, at) => `${at}/layer.tar`);
  const rootfs = { type: "layers", diff_ids: layers.map((layer) => layer.digest ?? sha256(layer)) };
  return {
    ...Object.fromEntries(layers.map((layer, at) => [paths[at], layer])),
    "config.json": json({ architecture: "amd64", os: "linux", rootfs }),
    "manifest.json": json([{ Config: "config.json", RepoTags: [name], Layers: paths }]),
  };
}

/** Writes the files below a folder. */
export function write(folder, files) {
  for (const [name, bytes] of Object.entries(files)) {
    const place = path.join(folder, name);
    mkdirSync(path.dirname(place), { recursive: true });
    writeFileSync(place, bytes);
  }
}
