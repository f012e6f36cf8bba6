/** Debian's docker-registry on a free port, with content of its own. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { start } from "./process.mjs";

export const USER = "me";
export const PASSWORD = "open sesame";
/** Of both, as `htpasswd -B` writes it. */
const HTPASSWD = "me:$2y$05$EXSwrAi0ysqlnAMSz1vfVOeXSLL.fMHxbwa1XsxourmBjKB1RuTbG\n";

/** With `password` nobody gets anything without it. */
export async function dockerRegistry({ password = false } = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), "lugger-registry-"));
  const passwords = path.join(folder, "htpasswd");
  writeFileSync(passwords, HTPASSWD);
  const config = {
    version: 0.1,
    // It says which port it took.
    log: { level: "info", accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: path.join(folder, "storage") } },
    http: { addr: "127.0.0.1:0" },
    ...(password && { auth: { htpasswd: { realm: "tests", path: passwords } } }),
  };
  // JSON is YAML.
  writeFileSync(path.join(folder, "config.yml"), JSON.stringify(config));
  const { line, stop } = await start("docker-registry", ["serve", path.join(folder, "config.yml")], {
    env: { OTEL_TRACES_EXPORTER: "none" },
    signal: "SIGKILL",
    on: "stderr",
    ready: /listening on (127\.0\.0\.1:\d+)/,
  });
  const end = async () => {
    await stop();
    rmSync(folder, { recursive: true, force: true });
  };
  return { host: line, stop: end };
}
