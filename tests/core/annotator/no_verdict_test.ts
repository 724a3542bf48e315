import { assertEquals, assertThrows } from "@std/assert";
import type { Verdict } from "../../../core/annotator/annotator.ts";
import { NoVerdict, requireVerdicts } from "../../../core/annotator/no_verdict.ts";

const failed = (reason: string): Verdict => ({ outcome: "failed", reason });

Deno.test("requireVerdicts() refuses a list in which all failed, with the first reasons", () => {
  requireVerdicts("train", []);
  requireVerdicts("train", [failed("x"), { outcome: "tie" }]);
  const { message, code } = assertThrows(
    () => requireVerdicts("train phase 2", [failed("x"), failed("y"), failed("y")], ". See z"),
    NoVerdict,
  );
  assertEquals(code, "annotator");
  assertEquals(
    message,
    "Cannot train phase 2: all 3 verdicts failed (y (2 times); x (once)), expected some. See z",
  );
});
