/**
 * Where the page is, and what can be opened there.
 *
 * By itself this is the page with a stand-in for the Rust half (fake/). With LUGGER_PAGE it is the page at that address;
 * the other variables then say what is reachable from it: LUGGER_IMAGE, LUGGER_OTHER_PLATFORM, LUGGER_ARCHIVE.
 */

import { spawnSync } from "node:child_process";
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
  const built = spawnSync("npm", ["run", "--silent", "build:fake"], { cwd: HERE, encoding: "utf8" });
  if (built.status !== 0) {
    throw new Error(built.stdout + built.stderr);
  }
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

/** Names that make the stand-in behave in a certain way. */
export const FAKE = {
  slow: "reg.example/team/slow:1.4",
  hostile: "reg.example/team/hostile:1.4",
  many: `reg.example/team/many-${"very-long-name-".repeat(8)}app:1.4`,
  damaged: "reg.example/team/damaged:1.4",
  asked: "ghcr.io/owner/app:1.4",
  fails: (kind) => `reg.example/fails/${kind}:1`,
};
