import { assertEquals } from "@std/assert";
import type { Verdict } from "../../core/mod.ts";
import { countPairs, type PairRecord, spelledRecords, tokenPair } from "../../scheduler/mod.ts";
import { trlTokenizer } from "../support/trl_rows.ts";

function record(verdict: Verdict): PairRecord {
  const answer = (id: number) => ({
    text: `${id}`,
    ids: [id, 2],
    finish: "stop" as const,
    logps: [-1, -2],
    referenceLogp: -id,
  });
  return {
    phase: 0,
    step: 0,
    prompt: "p",
    promptIds: [1, 9],
    a: answer(7),
    b: answer(8),
    verdict,
    snapshotId: "snapshot-0",
    referenceId: "snapshot-0",
  };
}

Deno.test("tokenPair() puts the winner first, with its own reference log-prob", () => {
  const a = {
    prompt: [1, 9],
    chosen: [7, 2],
    rejected: [8, 2],
    referenceChosen: -7,
    referenceRejected: -8,
  };
  assertEquals(tokenPair(record({ outcome: "a" })), a);
  assertEquals(tokenPair(record({ outcome: "b" })), {
    prompt: [1, 9],
    chosen: [8, 2],
    rejected: [7, 2],
    referenceChosen: -8,
    referenceRejected: -7,
  });
});

Deno.test("tokenPair() makes nothing of a tie or a failure", () => {
  assertEquals(tokenPair(record({ outcome: "tie", scores: [2, 1] })), undefined);
  assertEquals(tokenPair(record({ outcome: "failed", reason: "offline" })), undefined);
});

Deno.test("countPairs() counts ties and failures apart", () => {
  const outcomes = ["a", "tie", "b", "failed", "tie", "a"] as const;
  assertEquals(countPairs(outcomes.map((outcome) => record({ outcome }))), {
    pairs: 6,
    ties: 2,
    failed: 1,
  });
  assertEquals(countPairs([]), { pairs: 0, ties: 0, failed: 0 });
});

Deno.test("spelledRecords() spells a dialogue whole and text without the begin token that the tokenizer puts", async () => {
  const tokenizer = await trlTokenizer(true);
  const ids = (text: string) => tokenizer.encode(text);
  const line = {
    promptIds: ids("<s>hello"),
    a: { ids: ids("too</s>") },
    b: { ids: [...ids("h"), ...ids("e")] },
  };
  const [text, dialogue] = await spelledRecords(tokenizer, [
    { ...line, source: { prompt: "hello" } },
    { ...line, source: { prompt: [{ role: "user", content: "hello" }] } },
  ]);
  assertEquals([text.spelled, dialogue.spelled], ["hello", "<s>hello"]);
  assertEquals([text.a, dialogue.b], [
    { ids: line.a.ids, spelled: "too</s>", isExact: true },
    { ids: line.b.ids, spelled: "he", isExact: false },
  ]);
  assertEquals(text.tokenizer, { hash: await tokenizer.hash!(), begin: "<s>", end: "</s>" });
  const made = { ...tokenizer, spell: undefined };
  assertEquals(await spelledRecords(made, [line]), [line]);
});
