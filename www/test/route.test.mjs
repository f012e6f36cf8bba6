import assert from "node:assert/strict";
import { test } from "node:test";
import { arrival, format, parse } from "./out/www/src/route.js";

test("the address is the state", () => {
  for (const route of [
    { screen: "open" },
    { screen: "image", name: "docker.io/library/alpine:3.20", platform: null },
    { screen: "image", name: "ghcr.io/o/a@sha256:00", platform: "linux/arm64/v8" },
    { screen: "image", name: "a file?#&%+\u202e.tar", platform: "windows/amd64" },
  ]) {
    assert.deepEqual(parse(format(route)), route);
  }
  assert.equal(
    format({ screen: "image", name: "docker.io/library/alpine:3.20", platform: "linux/arm64" }),
    "#/image/docker.io/library/alpine:3.20?platform=linux/arm64",
  );
  assert.deepEqual(parse(""), { screen: "open" });
  assert.equal(parse("#/image/").screen, "unknown");
  assert.equal(parse("#/image/%zz").screen, "unknown");
  assert.equal(parse("#/other").screen, "unknown");
});

test("the token that the bridge hands over", () => {
  assert.deepEqual(arrival("#t=abc&ref=alpine%3A3.20"), { token: "abc", reference: "alpine:3.20" });
  assert.deepEqual(arrival("#t=abc"), { token: "abc", reference: null });
  assert.equal(arrival("#/image/t=abc"), null);
  assert.equal(arrival(""), null);
});
