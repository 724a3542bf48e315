import { assertEquals, assertThrows } from "@std/assert";
import { checkedLog, countsLine, dateOf, verdictsIn } from "../../../cli/commands/annotate_log.ts";
import { NoVerdict, type Verdict } from "../../../core/mod.ts";
import { UsageError } from "../../../cli/terminal/mistake.ts";

type Log = Parameters<typeof checkedLog>[0];
const log = (...lines: unknown[]) => ({ log: "v.jsonl", lines }) as unknown as Log;
const line = { place: "p:1", prompt: "Hi", annotator: "rule" };

Deno.test("checkedLog() counts the lines that are this command's, and names the first that is not", () => {
  assertEquals(checkedLog(log(line), [line, line]), 1);
  assertThrows(
    () => checkedLog(log(line, { ...line, annotator: "stories-judge" }), [line, line]),
    UsageError,
    'Cannot go on with v.jsonl: line 2 has annotator "stories-judge", expected "rule" as this command has it',
  );
  assertThrows(
    () => checkedLog(log(line, line), [line]),
    UsageError,
    "it has 2 lines, expected at most 1 for this --data",
  );
});

Deno.test("dateOf() is the day of the first line, where it has one", () => {
  assertEquals(dateOf(log({ ...line, date: "2026-11-30" })), "2026-11-30");
  assertEquals([dateOf(log(line)), dateOf(log())], [undefined, undefined]);
});

Deno.test("countsLine() says why verdicts failed", () => {
  const counts = { pairs: 1, ties: 2, failed: 3 };
  const failed = Array.from(
    { length: 3 },
    () => ({ outcome: "failed", reason: "no key" }) as const,
  );
  assertEquals(
    countsLine("out.jsonl", counts, "v.jsonl", failed),
    "1 pair in out.jsonl; left out: 2 ties, 3 without a verdict: no key (3 times) (all in v.jsonl)",
  );
});

Deno.test("verdictsIn() are those of a log in its order, and refuses one without a verdict", () => {
  const lines = (...outcomes: Verdict["outcome"][]) =>
    outcomes.map((outcome) => ({
      verdict: { outcome, ...(outcome === "failed" ? { reason: "slow" } : {}) },
    }));
  const verdicts = verdictsIn("v.jsonl", lines("a", "failed", "failed"));
  assertEquals(verdicts.map(({ outcome }) => outcome), ["a", "failed", "failed"]);
  assertThrows(
    () => verdictsIn("v.jsonl", lines("failed")),
    NoVerdict,
    "the one verdict failed (slow",
  );
});
