import { assertEquals } from "@std/assert";
import type { DataPair } from "../../../../cli/data/training_data.ts";
import type { PairRecord } from "../../../../scheduler/mod.ts";
import { recordedPairs } from "../../../../cli/train/plan/recorded_pairs.ts";

const prompts = { train: ["a", "b", "c"], evaluation: ["d"] };
const replay = { records: [] as PairRecord[], digest: "", requireModel: () => {} };

Deno.test("recordedPairs() are a replay's, else the dataset's; an epoch has its rows or the prompts", () => {
  const train = [{}, {}] as unknown as DataPair[];
  const pairs = { train, evaluation: [] };
  assertEquals(recordedPairs({ prompts }, undefined), undefined);
  assertEquals(recordedPairs({ prompts, pairs }, undefined)?.entries, 2);
  assertEquals(recordedPairs({ prompts }, replay)?.entries, 3);
  assertEquals(recordedPairs({ prompts, pairs }, replay)?.entries, 2);
});
