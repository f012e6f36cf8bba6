/**
 * Where the page is, and what can be opened there.
 *
 * By itself this is the page with a stand-in for the Rust half (fake/). With LUGGER_PAGE it is the page at that address;
 * the other variables then say what is reachable from it: LUGGER_IMAGE, LUGGER_OTHER_PLATFORM, LUGGER_ARCHIVE.
 */

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { OUT, serveFolder } from "./harness.mjs";

const HERE = fileURLToPath(new URL("..", import.meta.url));

export async function target() {
  const { LUGGER_PAGE, LUGGER_IMAGE, LUGGER_OTHER_PLATFORM, LUGGER_ARCHIVE } = process.env;
  if (LUGGER_PAGE !== undefined) {
    const real = {
      url: LUGGER_PAGE,
      image: LUGGER_IMAGE,
      otherPlatform: LUGGER_OTHER_PLATFORM,
      archive: LUGGER_ARCHIVE,
    };
    return { ...real, fake: false, stop: async () => undefined };
  }
  run("build:fake");
  const { url, stop } = await serveFolder(`${OUT}fake`);
  return {
    url,
    stop,
    fake: true,
    image: "reg.example/team/app:1.4",
    otherPlatform: "linux/arm64/v8",
    archive: null,
  };
}

/** The real page, as any static host would serve it; null as long as the Rust half is not built. */
export async function builtPage() {
  if (!existsSync(`${HERE}../host-wasm/package/src/wasm/lugger.js`)) {
    return null;
  }
  run("build");
  return serveFolder(`${HERE}dist`);
}

function run(script) {
  const { status, stdout, stderr } = spawnSync("npm", ["run", "--silent", script], { cwd: HERE, encoding: "utf8" });
  if (status !== 0) {
    throw new Error(stdout + stderr);
  }
}

/** Names that make the stand-in behave in a certain way. */
export const FAKE = {
  slow: "reg.example/team/slow:1.4",
  hostile: "reg.example/team/hostile:1.4",
  many: `reg.example/team/many-${"very-long-name-".repeat(8)}app:1.4`,
  damaged: "reg.example/team/damaged:1.4",
  asked: "ghcr.io/owner/app:1.4",
  fails: (kind) => `reg.example/fails/${kind}:1`,
};
