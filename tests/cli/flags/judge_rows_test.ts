import { assert, assertEquals } from "@std/assert";
import { fieldOf } from "../../../cli/flags/kinds.ts";
import { JUDGE_KEY, JUDGE_ROWS, type JudgeSettings } from "../../../cli/flags/judge_rows.ts";
import { TRAIN_FLAGS } from "../../../cli/flags/train_table.ts";
import { ANNOTATOR_ROWS } from "../../../cli/judge/named_annotator.ts";

Deno.test("JUDGE_ROWS are flags of all who ask an annotator, and no key is one", () => {
  const settings: Required<JudgeSettings> = {
    ...{ judgeRubric: "summary", judgeCalls: 1, judgeTokens: 1, judgeConcurrency: 1, judgeRate: 1 },
    judgeCache: "v.sqlite",
  };
  assertEquals(JUDGE_ROWS.map(({ name }) => fieldOf(name)), Object.keys(settings));
  for (const { name } of JUDGE_ROWS) {
    for (const table of [TRAIN_FLAGS, ANNOTATOR_ROWS]) {
      assert(table.some((flag) => flag.name === name), `${name} is missing`);
    }
  }
  assert(
    [...TRAIN_FLAGS, ...ANNOTATOR_ROWS].every(({ name }) => !/key|secret|password/.test(name)),
  );
  assert(JUDGE_KEY.startsWith("LEASH_"), "what the task may read of the environment");
});
