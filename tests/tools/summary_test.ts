import { assertEquals } from "@std/assert";
import { closingLine, countTests, total } from "../../tools/summary.ts";

type Row = [name: string, output: string, code: number, passed: number, failed: number];

const outputs: Row[] = [
  ["success", "\nok | 126 passed | 0 failed (412ms)\n", 0, 126, 0],
  ["colours", "\x1b[32mok\x1b[0m | 3 passed | 0 failed \x1b[38;5;245m(1s)\x1b[0m\n", 0, 3, 0],
  ["failure", "\nFAILED | 4 passed | 2 failed (1s)\n", 1, 4, 2],
  ["steps", "ok | 1 passed (12 steps) | 0 failed | 1 ignored | 3 filtered out (2s)", 0, 1, 0],
  [
    "a test that prints a summary first",
    "ok | 9 passed | 0 failed\nok | 1 passed | 0 failed",
    0,
    1,
    0,
  ],
  ["a type error", "error: Type checking failed.", 1, 0, 1],
  ["a leak after the last test", "ok | 5 passed | 0 failed (1s)", 1, 5, 1],
  ["nothing", "", 0, 0, 0],
];

for (const [name, output, code, passed, failed] of outputs) {
  Deno.test(`countTests() ${name}`, () => {
    assertEquals(countTests(output, { code, signal: null }), { passed, failed });
  });
}

Deno.test("countTests() forgives a signal after the summary, and only then", () => {
  const end = { code: 134, signal: "SIGABRT" };
  assertEquals(countTests("ok | 5 passed | 0 failed (1s)", end), { passed: 5, failed: 0 });
  assertEquals(countTests("FAILED | 5 passed | 1 failed (1s)", end), { passed: 5, failed: 1 });
  assertEquals(countTests("some test ... ok", end), { passed: 0, failed: 1 });
});

Deno.test("closingLine() of a total()", () => {
  const sum = total([{ passed: 1, failed: 0 }, { passed: 2, failed: 3 }]);
  assertEquals(closingLine(sum), "3 passed, 3 failed");
});
