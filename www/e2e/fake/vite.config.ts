import { fileURLToPath } from "node:url";
import { defineConfig, mergeConfig } from "vite";
import real from "../../vite.config.ts";

/** The page with a stand-in for what wasm-bindgen makes of the Rust half: the page, the client and the worker are real. */
export default mergeConfig(
  real,
  defineConfig({
    resolve: {
      alias: [{ find: /^\.\/wasm\/lugger\.js$/, replacement: fileURLToPath(new URL("./lugger.ts", import.meta.url)) }],
    },
    build: { outDir: fileURLToPath(new URL("../out/fake", import.meta.url)), emptyOutDir: true },
  }),
);
