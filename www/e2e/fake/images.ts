/** Made-up images: plausible ones, and one full of what others may write into an image. */

import type { Image, Layer, Overview, PlatformEntry, Step } from "lugger";

export const IMAGE = "from-a-file.example/app:1.4";
export const DIGEST = digest("archive");
export const BIG = 123_456_789;

/** An image, and how much of it is in the made-up store. */
export interface Made {
  name: string;
  stored: boolean;
  image: Image;
  /** By platform: those whose manifest is here. */
  platforms: Record<string, Layer[]>;
}

export const USUAL = "linux/amd64";

/** The layers for a platform, as if its manifest had just come. */
export function layersOf(made: Made, platform: string | null): Layer[] {
  const key = platform ?? USUAL;
  made.platforms[key] ??= makeLayers(made.name, key);
  return made.platforms[key];
}

export const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function digest(seed: string): string {
  let hex = "";
  for (let round = 0; hex.length < 64; round++) {
    let hash = 2166136261 ^ round;
    for (const character of seed + round) {
      hash = Math.imul(hash ^ character.charCodeAt(0), 16777619) >>> 0;
    }
    hex += hash.toString(16).padStart(8, "0");
  }
  return `sha256:${hex.slice(0, 64)}`;
}

const SIZES = [28_231_447, 3_512_338, 143, 62_118_902, 1_204, 418_233, 9_882_001, 32, 205_331, 15_002_118];
const OCI = "application/vnd.oci.image";

function makeLayers(name: string, platform: string): Layer[] {
  const sizes = name.includes("many") ? Array.from({ length: 127 }, (_, index) => (index * 7919) % 90_000) : SIZES;
  return sizes.map((size, index): Layer => {
    const own = digest(`${name}${platform}layer${index}`);
    const mediaType = `${OCI}.layer.v1.tar+gzip`;
    return { mediaType, digest: own, size, diff_id: digest(`${own}diff`), state: "absent", have: 0, unpacked: null };
  });
}

export function make(name: string): Made {
  const now = "2026-11-21T09:30:00Z";
  const image: Image = {
    name,
    target: { mediaType: `${OCI}.index.v1+json`, digest: digest(name), size: 1609 },
    platforms: ["linux/amd64"],
    size: SIZES.reduce((a, b) => a + b),
    created_at: now,
    updated_at: now,
    labels: {},
  };
  return { name, stored: false, image, platforms: {} };
}

const PLATFORMS = ["linux/amd64", "linux/arm/v7", "linux/arm64/v8", "linux/riscv64"];

const HISTORY: Omit<Step, "created" | "comment">[] = [
  {
    created_by: "/bin/sh -c #(nop) ADD file:9ca60502d646bdd815bb51e612c458e2d447b597b95cf435f9673f0966d41c1a in / ",
    layer: 0,
  },
  { created_by: '/bin/sh -c #(nop)  CMD ["bash"]', layer: null },
  {
    created_by:
      "RUN /bin/sh -c set -eux; \tapt-get update; \tapt-get install -y --no-install-recommends \t\tca-certificates \t\tnetbase \t\ttzdata \t; \trm -rf /var/lib/apt/lists/* # buildkit",
    layer: 1,
  },
  { created_by: "ENV PATH=/usr/local/bin:/usr/bin:/bin", layer: null },
  { created_by: "WORKDIR /srv/app", layer: 2 },
  {
    created_by:
      "RUN |2 VERSION=1.4.2 TARGETARCH=amd64 /bin/sh -c make -j4 && make install && rm -rf /tmp/build # buildkit",
    layer: 3,
  },
  { created_by: "COPY --chown=app:app package.json pnpm-lock.yaml ./ # buildkit", layer: 4 },
  { created_by: "COPY ./locales /srv/app/locales # buildkit", layer: 5 },
  { created_by: "RUN /bin/sh -c cat <<EOF > /etc/motd\nwelcome\nEOF # buildkit", layer: 6 },
  { created_by: "USER app", layer: 7 },
  { created_by: "COPY dist ./dist # buildkit", layer: 8 },
  { created_by: "RUN /bin/bash -o pipefail -c node scripts/warm.js | tee /var/log/warm # buildkit", layer: 9 },
  { created_by: "EXPOSE map[8080/tcp:{} 9090/tcp:{}]", layer: null },
  { created_by: 'ENTRYPOINT ["/usr/bin/tini" "--" "node" "server.js"]', layer: null },
];

/** What is known of it; without `root` not even its platforms. */
export function overview(made: Made, asked: string | null | undefined, root: boolean): Overview {
  const platform = asked ?? USUAL;
  const layers = made.platforms[platform];
  const empty = layers === undefined;
  const entries = PLATFORMS.map((name): PlatformEntry => {
    const descriptor = { mediaType: `${OCI}.manifest.v1+json`, digest: digest(made.name + name), size: 2214 };
    return { platform: name, manifest: descriptor, here: made.platforms[name] !== undefined, attests: null };
  });
  const attestations = entries.slice(0, 2).map(({ manifest }): PlatformEntry => {
    const annotations = { "vnd.docker.reference.type": "attestation-manifest" };
    const own = digest(`${manifest.digest}a`);
    const descriptor = { ...manifest, digest: own, size: 841, annotations };
    return { platform: null, manifest: descriptor, here: false, attests: manifest.digest };
  });
  const selected = entries.findIndex((entry) => entry.platform === platform);
  const hostile = made.name.includes("hostile");
  const labels: Record<string, string> = {
    "org.opencontainers.image.source": "https://git.example/owner/app",
    "org.opencontainers.image.licenses": "MIT OR Apache-2.0",
    "org.opencontainers.image.description": "A small service that says hello,\nin two lines",
    ...(hostile && {
      "<img src=x onerror=alert(1)>": "<script>alert(1)</script>",
      "right\u202eot tfel": "zero\u200bwidth\u0007bell",
      script: "javascript:alert(1)",
      hidden: "https://user:secret@good.example/",
    }),
  };
  return {
    name: made.name,
    names: [made.name],
    stored: made.stored,
    target: made.image.target,
    platforms: root ? [...entries, ...attestations] : [],
    selected: root ? selected : null,
    manifest: empty ? null : (entries[selected]?.manifest ?? null),
    config: empty ? null : { mediaType: `${OCI}.config.v1+json`, digest: digest(`${made.name}config`), size: 7023 },
    config_state: empty ? "absent" : "stored",
    annotations: empty
      ? {}
      : {
          "org.opencontainers.image.base.name": "docker.io/library/debian:trixie-slim",
          "org.opencontainers.image.url": "https://app.example/",
        },
    platform: empty ? null : platform,
    created: empty ? null : "2026-11-03T14:22:10Z",
    author: hostile ? "Mallory \u202e<evil@example>" : null,
    run: empty
      ? null
      : {
          User: "app",
          Env: [
            "PATH=/usr/local/bin:/usr/bin:/bin",
            "NODE_ENV=production",
            hostile ? "X=\u001b[31mred" : "LANG=C.UTF-8",
          ],
          Entrypoint: ["/usr/bin/tini", "--", "node", "server.js"],
          Cmd: ["--port", "8080"],
          WorkingDir: "/srv/app",
          ExposedPorts: { "8080/tcp": {}, "9090/tcp": {} },
          Volumes: { "/srv/app/data": {} },
          Labels: labels,
          StopSignal: "SIGTERM",
        },
    layers: (layers ?? []).map((layer) => ({ ...layer })),
    history: empty
      ? []
      : HISTORY.map((step) => ({ ...step, created: "2026-11-03T14:22:10Z", comment: "buildkit.dockerfile.v0" })),
  };
}
