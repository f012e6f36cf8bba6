/** What a browser has in memory. */

import { readdirSync, readFileSync } from "node:fs";

/** Bytes of all processes of the browser that keeps its profile in a folder; what several share counts once. */
export function browserMemory(folder) {
  const parents = new Map();
  const ours = new Set();
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const words = read(`/proc/${pid}/cmdline`).split("\0");
    if (words.includes(`--user-data-dir=${folder}`)) {
      ours.add(pid);
    }
    parents.set(pid, /^PPid:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1]);
  }
  for (let before = 0; before < ours.size; ) {
    before = ours.size;
    for (const [pid, parent] of parents) {
      if (ours.has(parent)) {
        ours.add(pid);
      }
    }
  }
  let kilobytes = 0;
  for (const pid of ours) {
    kilobytes += Number(/^Pss:\s+(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0);
  }
  return kilobytes * 1024;
}

/** A file that may be gone. */
function read(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
