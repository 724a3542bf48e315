import { assertEquals } from "@std/assert";
import {
  callRule,
  checkedScore,
  scoreVerdict,
  thrownReason,
} from "../../../core/annotator/score.ts";

for (
  const [value, found] of [
    [NaN, "NaN"],
    [-Infinity, "-Infinity"],
    [undefined, "undefined"],
    [null, "null"],
    ["7", '"7" (a string)'],
    [true, "true"],
    [7n, "7n (a bigint)"],
    [Symbol("s"), "Symbol(s)"],
    [[1], "a list"],
    [Object.create(null), "an object"],
    [() => 1, "a function"],
  ] as const
) {
  Deno.test(`checkedScore() gives the reason for ${found}`, () => {
    assertEquals(checkedScore(value), { reason: `returned ${found}, expected a finite number` });
  });
}

Deno.test("checkedScore() gives a finite number back", () => {
  assertEquals([checkedScore(-2.5), checkedScore(0)], [-2.5, 0]);
});

for (
  const [error, text] of [
    [new Error("no key\n  at all"), "no key at all"],
    [new RangeError(""), "RangeError"],
    ["words", '"words" (a string)'],
    [undefined, "undefined"],
    [Object.create(null), "an object"],
  ] as const
) {
  Deno.test(`thrownReason() is one line for ${text}`, () => {
    assertEquals(thrownReason(error), { reason: `threw: ${text}` });
  });
}

Deno.test("callRule() awaits promises, and rejects for nothing", async () => {
  assertEquals(callRule(() => 3), 3);
  assertEquals(await callRule(() => Promise.resolve(3)), 3);
  assertEquals(await callRule(() => Promise.resolve("3")), checkedScore("3"));
  assertEquals(await callRule(() => Promise.reject(new Error("x"))), { reason: "threw: x" });
  assertEquals(
    callRule(() => {
      throw new Error("y");
    }),
    { reason: "threw: y" },
  ); // deno-fmt-ignore
  // deno-lint-ignore no-explicit-any -- a thenable that is no promise
  assertEquals(await callRule(() => ({ then: (done: any) => done(4) })), 4);
});

Deno.test("scoreVerdict() prefers the higher score, and fails with the first reason", () => {
  assertEquals(scoreVerdict("r", [1, 2]), { outcome: "b", scores: [1, 2] });
  assertEquals(scoreVerdict("r", [1, 2], 1), { outcome: "tie", scores: [1, 2] });
  const [x, y] = [{ reason: "threw: x" }, { reason: "threw: y" }];
  assertEquals(scoreVerdict("r", [x, y]), { outcome: "failed", reason: "r threw: x" });
  assertEquals(scoreVerdict("r", [0, y]), { outcome: "failed", reason: "r threw: y" });
});
