import { assertEquals } from "@std/assert";
import { EXIT, exitCodeOf } from "../../../cli/terminal/exit_codes.ts";
import { Mistake, type MistakeCode } from "../../../core/base/mistake.ts";

Deno.test("exitCodeOf() is 2 for what the user can mend, 1 for what may go well another time", () => {
  const rows: [MistakeCode, number][] = [
    ["usage", 2],
    ["file", 2],
    ["data", 2],
    ["model", 2],
    ["network", 2],
    ["device", 2],
    ["annotator", 1],
  ];
  for (const [code, exit] of rows) {
    assertEquals(exitCodeOf(new Mistake(code, { verb: "try", found: "x" })), exit, code);
  }
});

Deno.test("EXIT has what shells know", () => {
  assertEquals(EXIT, { done: 0, failed: 1, interrupted: 130, unread: 141 });
});
