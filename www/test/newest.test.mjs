import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as settled } from "node:timers/promises";
import { Newest } from "./out/www/src/state/newest.js";

test("only the newest wish is fulfilled, one at a time", async () => {
  const begun = [];
  let fail;
  const newest = new Newest((wish) => {
    begun.push(wish);
    return new Promise((_, reject) => {
      fail = () => reject(new Error("nobody minds"));
    });
  });
  newest.wish(1);
  newest.wish(2);
  newest.wish(3);
  await settled();
  assert.deepEqual(begun, [1]);
  fail();
  await settled();
  assert.deepEqual(begun, [1, 3]);
  fail();
  await settled();
  newest.wish(4);
  newest.wish(5);
  const stopped = newest.stop();
  fail();
  await stopped;
  assert.deepEqual(begun, [1, 3, 4]);
});
