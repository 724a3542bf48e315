import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { checkedLog, countsLine, dateOf, failuresIn } from "../../../cli/commands/annotate_log.ts";
import { NoVerdict } from "../../../core/mod.ts";
import { UsageError } from "../../../cli/terminal/mistake.ts";

type Log = Parameters<typeof checkedLog>[0];
const log = (...lines: unknown[]) => ({ log: "v.jsonl", lines }) as unknown as Log;
const line = { place: "p:1", prompt: "Hi", annotator: "rule" };

Deno.test("checkedLog() gives the lines that are this command's, and names the first that is not", () => {
  assertEquals(checkedLog(log(line), () => line), [line]);
  assertThrows(
    () => checkedLog(log(line, { ...line, annotator: "judge" }), () => line),
    UsageError,
    'Cannot go on with v.jsonl: line 2 has annotator "judge", expected "rule" as this command has it',
  );
  assertThrows(
    () => checkedLog(log(line, line), (i) => i < 1 ? line : undefined),
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
  assertEquals(
    countsLine("out.jsonl", counts, "v.jsonl", [{ reason: "no key", count: 3 }]),
    "1 pair in out.jsonl; left out: 2 ties, 3 without a verdict: no key (3 times) (all in v.jsonl)",
  );
});

Deno.test("failuresIn() counts the reasons of a log, and refuses one without a verdict", async () => {
  const path = await Deno.makeTempFile();
  const write = (...outcomes: string[]) =>
    Deno.writeTextFile(
      path,
      outcomes.map((outcome) =>
        JSON.stringify({ verdict: { outcome, reason: outcome === "failed" ? "slow" : null } }) +
        "\n"
      ).join(""),
    );
  await write("a", "failed", "failed");
  assertEquals(await failuresIn(path), [{ reason: "slow", count: 2 }]);
  await write("failed");
  await assertRejects(() => failuresIn(path), NoVerdict, "the one verdict failed (slow");
  await Deno.remove(path);
});
