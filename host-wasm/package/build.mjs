// src/ to dist/: the types are checked, the modules emitted, and what wasm-bindgen made is put beside them.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
if (!existsSync(here("src/wasm/lugger.js"))) {
  throw new Error("src/wasm/ is empty: build the Rust half first (README.md, Build)");
}
rmSync(here("dist"), { recursive: true, force: true });
execFileSync(here("../../www/node_modules/.bin/tsc"), ["-p", dirname(here("tsconfig.json"))], { stdio: "inherit" });
cpSync(here("src/wasm"), here("dist/wasm"), { recursive: true, filter: (path) => !path.endsWith(".gitignore") });
// tsc renames what is imported, but not what is named in a `new URL`.
const index = here("dist/index.js");
writeFileSync(index, readFileSync(index, "utf8").replace("./worker.ts", "./worker.js"));
