import assert from "node:assert/strict";
import { test } from "node:test";
import { Newest } from "./out/www/src/state/newest.js";

test("only the newest wish is fulfilled, one at a time", async () => {
  const begun = [];
  const newest = new Newest(async (wish) => {
    begun.push(wish);
    await new Promise((resolve) => setTimeout(resolve, 5));
    throw new Error("nobody minds");
  });
  newest.wish(1);
  newest.wish(2);
  newest.wish(3);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(begun, [1, 3]);
  newest.wish(4);
  newest.wish(5);
  await newest.stop();
  assert.deepEqual(begun, [1, 3, 4]);
});
