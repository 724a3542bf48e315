import { assertEquals } from "@std/assert";
import { swayLine } from "../../../cli/judge/sway.ts";

Deno.test("swayLine() is of pairs and of records alike, and of verdicts in both orders alone", () => {
  const both = { order: "both" } as const;
  assertEquals(
    swayLine([
      { prompt: "p", a: "xx", b: "y", verdict: { outcome: "a", ...both } },
      { a: { text: "x" }, b: { text: "yy" }, verdict: { outcome: "a", ...both } },
      { a: "x", b: "yy", verdict: { outcome: "tie", flip: "first", ...both } },
      { a: "x", b: "yy", verdict: { outcome: "failed", reason: "f", ...both } },
    ]),
    "Sway: the order decided 33.3% of 3 pairs, the first shown won 66.7% of 6 showings, the longer 50.0% of 2",
  );
  assertEquals(swayLine([{ a: "x", b: "y", verdict: { outcome: "a" } }]), undefined);
  assertEquals(swayLine([]), undefined);
});
