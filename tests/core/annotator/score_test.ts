import { assertEquals } from "@std/assert";
import { callRule, scoreVerdict } from "../../../core/annotator/score.ts";

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
  Deno.test(`callRule() gives the reason for ${found}`, () => {
    assertEquals(callRule(() => value), { reason: `returned ${found}, expected a finite number` });
  });
}

for (
  const [error, text] of [
    [new Error("no key\n  at all"), "no key at all"],
    [new RangeError(""), "RangeError"],
    ["words", '"words" (a string)'],
    [undefined, "undefined"],
    [Object.create(null), "an object"],
    [
      new (class extends Error {
        override get message(): string {
          throw 1;
        }
      })(),
      "an error that cannot be read",
    ], // deno-fmt-ignore
  ] as const
) {
  Deno.test(`callRule() is one line for a thrown ${text}`, () => {
    const throws = () => {
      throw error;
    };
    assertEquals(callRule(throws), { reason: `threw: ${text}` });
  });
}

Deno.test("callRule() gives a finite number back, and awaits promises", async () => {
  assertEquals([callRule(() => -2.5), callRule(() => 0)], [-2.5, 0]);
  assertEquals(await callRule(() => Promise.resolve(3)), 3);
  const reason = 'returned "3" (a string), expected a finite number';
  assertEquals(await callRule(() => Promise.resolve("3")), { reason });
  assertEquals(await callRule(() => Promise.reject(new Error("x"))), { reason: "threw: x" });
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
