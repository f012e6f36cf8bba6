/** Programs that the tests run beside the page: they say when they are ready, and end with the tests. */

import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const NOWHERE = "/nonexistent";
const BUILT = new URL("../../target/debug/", import.meta.url);

/** A program of this repository, built by `cargo build`. */
export function built(name) {
  const program = fileURLToPath(new URL(name, BUILT));
  if (!existsSync(program)) {
    throw new Error(`${program} is not built: cargo build -p lugger -p lugger-tests`);
  }
  return program;
}

/** Runs it to its end and gives its output. */
export function run(program, args, options = {}) {
  const { status, error, stdout, stderr } = spawnSync(program, args, {
    encoding: "utf8",
    timeout: 120_000,
    ...options,
  });
  if (error !== undefined || status !== 0) {
    throw error ?? new Error(`${program} ${args.join(" ")}: ${status}\n${stdout}${stderr}`);
  }
  return stdout;
}

/**
 * Starts it and waits until what it says on one of its outputs matches `ready`, of which `line` is the first group: its
 * first line on `stdout`, unless it is asked for another. Its input is open until `stop`.
 */
export async function start(program, args, { env = {}, signal = "SIGINT", on = "stdout", ready = /^(.*)\n/ } = {}) {
  const stdio = ["pipe", "pipe", on === "stderr" ? "pipe" : "inherit"];
  const child = spawn(program, args, { stdio, env: { ...process.env, ...env } });
  const ended = new Promise((resolve) => child.on("exit", resolve));
  const line = await new Promise((resolve, reject) => {
    let text = "";
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`${program} ended with ${code}\n${text}`)));
    child[on].on("data", (bytes) => {
      text += bytes;
      const said = ready.exec(text);
      if (said !== null) {
        resolve(said[1]);
      }
    });
  });
  const stop = () => {
    child.stdin.end();
    child.kill(signal);
    return ended;
  };
  return { line, stop };
}

/** `lugger serve`: what it says of itself, and its origin. Nothing of the user who runs the tests is known to it. */
export async function serve(args = [], env = {}) {
  const lugger = process.env.LUGGER ?? built("lugger");
  const nobody = { HOME: NOWHERE, XDG_CONFIG_HOME: NOWHERE, XDG_RUNTIME_DIR: NOWHERE, DOCKER_CONFIG: NOWHERE };
  const { line, stop } = await start(lugger, ["serve", "--json", "--progress=none", ...args], {
    env: { ...nobody, ...env },
  });
  const told = JSON.parse(line);
  return { ...told, origin: `http://127.0.0.1:${told.port}`, stop };
}
