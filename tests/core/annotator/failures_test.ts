import { assertEquals } from "@std/assert";
import { countFailures, describeFailures } from "../../../core/annotator/failures.ts";
import type { Verdict } from "../../../core/annotator/annotator.ts";

const failed = (reason?: string): Verdict => ({ outcome: "failed", ...(reason ? { reason } : {}) });

Deno.test("countFailures() counts distinct reasons, the most frequent first, then in order", () => {
  const verdicts = [failed("z"), failed("a"), failed(), failed("b"), failed("b")];
  assertEquals(countFailures([{ outcome: "tie", reason: "z" }, ...verdicts]), [
    { reason: "b", count: 2 },
    { reason: "z", count: 1 },
    { reason: "a", count: 1 },
    { reason: "no reason given", count: 1 },
  ]);
  assertEquals(countFailures([{ outcome: "a" }]), []);
});

Deno.test("describeFailures() shows three reasons in one line and counts the others", () => {
  const counts = ["x\n  y", "b", "c", "d", "e"].map((reason, i) => ({ reason, count: 5 - i }));
  assertEquals(
    describeFailures(counts),
    "x y (5 times); b (4 times); c (3 times); 2 other reasons",
  );
  assertEquals(describeFailures(counts.slice(4)), "e (once)");
  assertEquals(describeFailures(counts.slice(0, 4)).endsWith("; 1 other reason"), true);
  assertEquals(describeFailures([]), "");
  assertEquals(describeFailures([{ reason: "w".repeat(500), count: 1 }]).length, 160 + 7);
});
