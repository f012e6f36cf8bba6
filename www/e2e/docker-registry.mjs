/** Debian's docker-registry on a free port, with content of its own. */

import { spawn } from "node:child_process";
import { mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export const USER = "me";
export const PASSWORD = "open sesame";
/** Of both, as `htpasswd -B` writes it. */
const HTPASSWD = "me:$2y$05$EXSwrAi0ysqlnAMSz1vfVOeXSLL.fMHxbwa1XsxourmBjKB1RuTbG\n";

/** With `password` nobody gets anything without it. */
export async function dockerRegistry({ password = false } = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), "lugger-registry-"));
  const port = await freePort();
  const passwords = path.join(folder, "htpasswd");
  writeFileSync(passwords, HTPASSWD);
  const config = {
    version: 0.1,
    log: { level: "error", accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: path.join(folder, "storage") } },
    http: { addr: `127.0.0.1:${port}` },
    ...(password && { auth: { htpasswd: { realm: "tests", path: passwords } } }),
  };
  // JSON is YAML.
  writeFileSync(path.join(folder, "config.yml"), JSON.stringify(config));
  // It calls every blob that a client looks for and does not find an error.
  const log = path.join(folder, "log");
  const child = spawn("docker-registry", ["serve", path.join(folder, "config.yml")], {
    stdio: ["ignore", "ignore", openSync(log, "w")],
    env: { ...process.env, OTEL_TRACES_EXPORTER: "none" },
  });
  const ended = new Promise((resolve, reject) => child.on("exit", resolve).on("error", reject));
  let stopped = false;
  const stop = async () => {
    if (!stopped) {
      stopped = true;
      child.kill("SIGKILL");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    }
  };
  const host = `127.0.0.1:${port}`;
  await Promise.race([
    answers(`http://${host}/v2/`),
    ended.then((code) => Promise.reject(new Error(`it ended: ${code}`))),
  ]);
  return { host, stop };
}

/** Waits until somebody answers. */
async function answers(url) {
  for (let tries = 0; ; tries++) {
    try {
      await fetch(url);
      return;
    } catch (why) {
      if (tries === 100) {
        throw why;
      }
      await sleep(100);
    }
  }
}

async function freePort() {
  const server = net.createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
