// How fast a tab is, beside the command line on the same machine in the same run. Prints, and asserts nothing: `cargo xtask
// bench --browser` starts it with the address of a registry, the command to compare with, and a folder for what it makes.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { launchIn } from "../e2e/harness.mjs";
import { plainImage } from "../e2e/layers.mjs";
import { builtPage, DIST } from "../e2e/site.mjs";
import { ask, openTab } from "../e2e/tab.mjs";
import { layer, push, save } from "./made.mjs";
import { openUnwatched } from "./unwatched.mjs";

const MIB = 1 << 20;
const { values } = parseArgs({
  options: {
    registry: { type: "string" },
    lugger: { type: "string" },
    dir: { type: "string" },
    rounds: { type: "string", default: "3" },
  },
});
const rounds = Number(values.rounds);
const folder = mkdtempSync(path.join(values.dir, "browser-"));
const served = await builtPage();
const opened = [served.stop];
try {
  await pulls();
  await drops();
} finally {
  for (const close of opened.reverse()) {
    await close();
  }
  rmSync(folder, { recursive: true, force: true });
}

/** From the first request to content that is verified and stored; a tab's is durable. And the same bytes only fetched, by a worker
 * that does nothing else: no tab could be faster. */
async function pulls() {
  const image = plainImage([256, 16, 16, 16, 16].map((size, seed) => layer(seed, size * MIB)));
  const bytes = [...image.blobs.values()].reduce((sum, { length }) => sum + length, 0);
  await push(values.registry, "browser/pull", image);
  const reference = `${values.registry}/browser/pull:1`;
  const store = path.join(folder, "store");
  const native = (options) => () => {
    const pull = ["--store", store, ...options, "--progress", "none", "pull", "--plain-http", reference];
    execFileSync(values.lugger, pull, { stdio: ["ignore", "ignore", "inherit"] });
  };
  const fresh = () => rmSync(store, { recursive: true, force: true });
  const tab = await openUnwatched(DIST, path.join(folder, "unwatched"));
  opened.push(tab.close);
  const urls = [...image.blobs.keys()]
    .filter((digest) => digest !== image.target.digest)
    .map((digest) => `http://${values.registry}/v2/browser/pull/blobs/${digest}`);
  const times = await alternate({
    lugger: [native([]), fresh],
    "lugger --no-sync": [native(["--no-sync"]), fresh],
    tab: [() => tab.ask({ op: "pull", reference, platform: null }), () => tab.ask({ op: "clear" })],
    "tab, only fetched": [() => tab.fetch(urls), () => undefined],
  });
  table(`pull of ${megabytes(bytes)} in ${image.blobs.size} blobs`, bytes, times);
  print(`  ${ratio("tab / lugger", times.lugger / times.tab)} of its speed, 0.40 is the goal`);
  print(`  ${ratio("tab / lugger --no-sync", times["lugger --no-sync"] / times.tab)}`);
  print(`  ${ratio("tab, only fetched / lugger", times.lugger / times["tab, only fetched"])}`);
}

/** From the moment a file is given to what it shows. */
async function drops() {
  const file = path.join(folder, "saved.tar");
  const layers = [0, 1, 2, 3].map((seed) => layer(`save${seed}`, 238 * MIB));
  const bytes = await save(file, layers, "example.com/saved:1");
  const context = await launchIn(path.join(folder, "profile"));
  opened.push(() => context.close());
  const page = await openTab(context, served.url);
  const shown = [];
  const whole = async () => {
    const began = performance.now();
    await page.getByLabel("Image files").setInputFiles(file);
    await page.locator(".layer-table").waitFor({ timeout: 300_000 });
    shown.push(performance.now() - began);
    await page.getByText("Verified to the last byte").waitFor({ timeout: 300_000 });
  };
  const fresh = async () => {
    await page.goto(`${served.url}#/`);
    await ask(page, { op: "clear" });
    await page.reload();
  };
  const times = await alternate({
    sha256sum: [() => execFileSync("sha256sum", [file]), () => undefined],
    "tab, verified to the last byte": [whole, fresh],
  });
  times["tab, overview shown"] = median(shown.slice(1));
  table(`docker save of ${megabytes(bytes)}`, bytes, times);
  for (const what of ["overview shown", "verified to the last byte"]) {
    print(`  ${ratio(`${what} / sha256sum`, times[`tab, ${what}`] / times.sha256sum)}, 3.00 is the goal`);
  }
}

/** Medians of what takes turns; the first round warms the caches and is not counted. */
async function alternate(ways) {
  const times = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const [name, [run, clear]] of Object.entries(ways)) {
      await clear();
      const began = performance.now();
      await run();
      if (round > 0) {
        times[name].push(performance.now() - began);
      }
    }
  }
  return Object.fromEntries(Object.entries(times).map(([name, all]) => [name, median(all)]));
}

function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
}

function table(title, bytes, times) {
  print(`\n${title}, medians of ${rounds} rounds\n  ${"".padEnd(32)}${"ms".padStart(8)}${"MB/s".padStart(8)}`);
  for (const [name, ms] of Object.entries(times)) {
    print(`  ${name.padEnd(32)}${ms.toFixed(0).padStart(8)}${(bytes / 1e3 / ms).toFixed(0).padStart(8)}`);
  }
}

function ratio(name, value) {
  return `${name.padEnd(40)}${value.toFixed(2).padStart(8)}`;
}

function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}

function print(line) {
  process.stdout.write(`${line}\n`);
}
