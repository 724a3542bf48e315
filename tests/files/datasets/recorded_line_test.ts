import { assertEquals, assertThrows } from "@std/assert";
import { Mistake } from "../../../core/base/mistake.ts";
import { isTurns, Line } from "../../../files/datasets/recorded_line.ts";

const answer = { ids: [5, 2], finish: "stop", logps: [-1, -0.5], referenceLogp: -1.5, text: "Go" };

Deno.test("Line.answer() reads an answer, and names the field that is none", () => {
  const read = (a: unknown) => new Line({ a }, "pairs.jsonl", 3).answer("a");
  const { ids, said, reference } = read(answer);
  assertEquals([ids, said, reference], [[5, 2], { text: "Go", isExact: false }, -1.5]);
  const rows: [unknown, string][] = [
    [undefined, "a is missing, expected an answer"],
    [{ ...answer, logps: [-1] }, "a.logps is [-1], expected 2 log-probs"],
    [{ ...answer, ids: [2 ** 31, 2] }, "a.ids is [2147483648,2], expected token ids"],
    [{ ...answer, referenceLogp: null }, "a.referenceLogp is null, expected a number"],
  ];
  for (const [a, line] of rows) {
    const { message } = assertThrows(() => read(a), Mistake);
    assertEquals(message, `Cannot export pairs.jsonl: line 3 ${line}`);
  }
});

Deno.test("isTurns() knows turns that have roles", () => {
  assertEquals(isTurns([{ role: "user", content: "Hi" }]), true);
  for (const value of [[], [{ content: "Hi" }], "Hi", [null]]) assertEquals(isTurns(value), false);
});
