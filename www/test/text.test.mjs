import assert from "node:assert/strict";
import { test } from "node:test";
import { command } from "./out/www/src/text/command.js";
import { ago, percent, short, size, time } from "./out/www/src/text/format.js";
import { inert, isPlain, pieces } from "./out/www/src/text/inert.js";
import { canonical, familiar, parse } from "./out/www/src/text/reference.js";
import { commands, link, quote, serve } from "./out/www/src/text/shell.js";

test("active characters are spelled out", () => {
  assert.equal(inert("evil\u202etxt.exe"), "evil\\u{202e}txt.exe");
  assert.equal(inert("a\u0007b\u009bc\u200bd\ufeffe\u2028f"), "a\\u{7}b\\u{9b}c\\u{200b}d\\u{feff}e\\u{2028}f");
  assert.equal(inert("a\nb\tc\0"), "a\\nb\\tc\\0");
  assert.equal(inert("\ud800x"), "\\u{d800}x");
  assert.equal(inert("\u{e0041}"), "\\u{e0041}");
  assert.equal(inert("größe 漢字 <b>"), "größe 漢字 <b>");
  assert.ok(isPlain("größe"));
  assert.ok(!isPlain("\u2066"));
});

test("pieces tell what was spelled out; lines keep their breaks", () => {
  assert.deepEqual(pieces("a\u202e\u202db"), [
    { text: "a", escaped: false },
    { text: "\\u{202e}\\u{202d}", escaped: true },
    { text: "b", escaped: false },
  ]);
  assert.deepEqual(pieces("a\n\tb\r", true), [
    { text: "a\n\tb", escaped: false },
    { text: "\\r", escaped: true },
  ]);
  assert.deepEqual(pieces(""), []);
});

test("sizes, shares and times", () => {
  assert.deepEqual([0, 999, 1000, 28_231_447, 999_600, 1.5e12].map(size), [
    "0 B",
    "999 B",
    "1.00 kB",
    "28.2 MB",
    "1.00 MB",
    "1.50 TB",
  ]);
  assert.deepEqual([percent(0, 0), percent(999, 1000), percent(1000, 1000), percent(2000, 1000)], [0, 99, 100, 100]);
  assert.equal(short(`sha256:${"ab".repeat(32)}`), "sha256:abababababab");
  assert.equal(time("2026-11-03T14:22:10Z"), "2026-11-03 14:22 UTC");
  assert.equal(time("yesterday"), null);
  assert.equal(ago("2026-11-03T00:00:00Z", Date.parse("2026-11-21T00:00:00Z")), "2 weeks ago");
  assert.equal(ago("0", Number.NaN), null);
});

test("references", () => {
  assert.deepEqual(parse("alpine:3.20"), {
    registry: "docker.io",
    repository: "library/alpine",
    tag: "3.20",
    digest: null,
  });
  const digest = `sha256:${"0".repeat(64)}`;
  assert.equal(canonical("alpine"), "docker.io/library/alpine:latest");
  assert.equal(canonical("localhost:5000/a/b"), "localhost:5000/a/b:latest");
  assert.equal(canonical(`ghcr.io/o/a@${digest}`), `ghcr.io/o/a@${digest}`);
  assert.equal(canonical("[::1]:5000/a:b"), "[::1]:5000/a:b");
  assert.equal(canonical("docker://index.docker.io/o/a"), "docker.io/o/a:latest");
  assert.equal(familiar("docker.io/library/alpine:3.20"), "alpine:3.20");
  assert.equal(familiar("docker.io/o/a:1"), "o/a:1");
  for (const wrong of ["", "https://ghcr.io/o/a", "a b", "Alpine", "a:", "a@sha256:12", "-x.example/a", "a//b"]) {
    assert.equal(typeof parse(wrong), "string", wrong);
  }
});

test("history in the words of a Dockerfile", () => {
  const told = (text) => {
    const { word, text: rest, args } = command(text);
    return [word, rest, args];
  };
  assert.deepEqual(told('/bin/sh -c #(nop)  CMD ["bash"]'), ["CMD", '["bash"]', ""]);
  assert.deepEqual(told("/bin/sh -c apt-get update && rm -rf /x"), ["RUN", "apt-get update\n&& rm -rf /x", ""]);
  assert.deepEqual(told("RUN |2 A=1 B=two words /bin/sh -c make # buildkit"), ["RUN", "make", "A=1 B=two words"]);
  assert.deepEqual(told("|1 A=1 /bin/sh -c make"), ["RUN", "make", "A=1"]);
  assert.deepEqual(told("RUN /bin/bash -o pipefail -c a | b # buildkit"), ["RUN", "a | b", ""]);
  assert.deepEqual(told("COPY dist ./dist # buildkit"), ["COPY", "dist ./dist", ""]);
  assert.deepEqual(told("bazel build ..."), ["", "bazel build ...", ""]);
  assert.deepEqual(told(""), ["", "", ""]);
});

test("commands to copy are inert in a shell", () => {
  assert.equal(quote("a'b; $(c)"), "'a'\\''b; $(c)'");
  assert.equal(serve("alpine:3.20"), "lugger serve alpine:3.20");
  assert.equal(serve("a\nb"), "lugger serve");
  assert.equal(serve("--listen=0.0.0.0:80"), "lugger serve");
  const digest = `sha256:${"0".repeat(64)}`;
  const lines = commands("ghcr.io/o/a:1", digest, "linux/arm/v7").map(({ line }) => line);
  assert.deepEqual(lines, [
    "lugger pull --platform linux/arm/v7 ghcr.io/o/a:1",
    `crane pull --platform linux/arm/v7 ghcr.io/o/a@${digest} a.tar`,
    `skopeo --override-os linux --override-arch arm --override-variant v7 copy docker://ghcr.io/o/a@${digest} oci-archive:a.tar`,
  ]);
  assert.deepEqual(commands("; rm -rf /", digest, null), []);
  for (const platform of ["linux/arm64\u001b[2J", "linux/$(reboot)", "linux/'", "--help/x", "linux\n/a", ""]) {
    assert.deepEqual(commands("ghcr.io/o/a:1", digest, platform), [], platform);
  }
});

test("only addresses of the web can be followed", () => {
  assert.equal(link("https://good.example/a?b=c"), "https://good.example/a?b=c");
  for (const text of [
    "javascript:alert(1)",
    "data:text/html,x",
    "https://user:secret@good.example/",
    "https://good.example/\u202e",
    "https://good.example/ and more",
    "//good.example",
    "https://",
  ]) {
    assert.equal(link(text), null, text);
  }
});
