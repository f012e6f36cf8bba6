import assert from "node:assert/strict";
import { test } from "node:test";
import { chosen, dropped } from "./out/www/src/open/given.js";

const paths = (given) => given.map(({ path }) => path).sort();
const file = (name, webkitRelativePath = "") => ({ name, webkitRelativePath });

/** What a browser gives for a drop: folders give their entries two at a time. */
function entry(name, content) {
  if (!Array.isArray(content)) {
    return { name, isFile: true, isDirectory: false, file: (resolve) => resolve(content) };
  }
  const createReader = () => {
    const left = [...content];
    return { readEntries: (resolve) => resolve(left.splice(0, 2)) };
  };
  return { name, isFile: false, isDirectory: true, createReader };
}

const drop = (entries, files) => ({
  items: [{ kind: "string" }, ...entries.map((it) => ({ kind: "file", webkitGetAsEntry: () => it }))],
  files,
});

test("what is chosen has its name, in a folder the path from there", () => {
  assert.deepEqual(paths(chosen([file("a.tar"), file("x", "layout/blobs/sha256/x"), file("i", "layout/i")])), [
    "a.tar",
    "blobs/sha256/x",
    "i",
  ]);
});

test("a folder that is dropped is what it holds", async () => {
  const layout = entry("layout", [
    entry("index.json", file("index.json")),
    entry("oci-layout", file("oci-layout")),
    entry("blobs", [entry("sha256", [entry("a", file("a")), entry("b", file("b")), entry("c", file("c"))])]),
  ]);
  assert.deepEqual(paths(await dropped(drop([layout], []))), [
    "blobs/sha256/a",
    "blobs/sha256/b",
    "blobs/sha256/c",
    "index.json",
    "oci-layout",
  ]);
  const both = await dropped(drop([layout, entry("x.tar", file("x.tar"))], []));
  assert.ok(paths(both).includes("layout/index.json"));
  assert.ok(paths(both).includes("x.tar"));
});

test("files that are dropped have their names, also where there are no entries", async () => {
  assert.deepEqual(paths(await dropped(drop([null, null], [file("a.tar"), file("b.tar")]))), ["a.tar", "b.tar"]);
});

test("a folder of everything is refused", async () => {
  const home = entry(
    "home",
    Array.from({ length: 20_001 }, (_, n) => entry(`${n}`, file(`${n}`))),
  );
  await assert.rejects(dropped(drop([home], [])), /more than 20000 files/);
});
