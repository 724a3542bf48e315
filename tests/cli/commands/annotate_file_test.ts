import { annotateSetting, rowsOf } from "../../support/annotate_setting.ts";
import { assertEquals, assertMatch } from "@std/assert";
import { ANNOTATE } from "../../../cli/commands/annotate.ts";
import { jsonLines, runIn } from "../../support/command_run.ts";

Deno.test("ANNOTATE --pairs annotates the answers of a file anew", async () => {
  const { work, base } = await annotateSetting();
  using _work = work;
  const given = [
    { question: "One?", good: "1234567", bad: "12" }, // scores 0 and 2: the other way round
    { question: "Two?", good: "123", bad: "12" },
    { question: "Tie?", good: "12", bad: "ab" },
    { question: "It saw 3 of them", good: "12", bad: "a" },
    { question: "Tie again?", good: "1", bad: "a" },
  ];
  await Deno.writeTextFile(
    `${work.dir}/g.jsonl`,
    given.map((row) => JSON.stringify(row)).join("\n"),
  );
  const args =
    `${base} --pairs ${work.dir}/g.jsonl --columns prompt=question,chosen=good,rejected=bad`;
  for (const name of ["a.jsonl", "b.parquet"]) {
    const { code, out, errors } = await runIn(ANNOTATE, `${args} --out ${work.dir}/${name}`);
    assertEquals(code, 0, errors.join("\n"));
    assertMatch(
      out[0],
      /^2 pairs in .*; left out: 2 ties, 1 without a verdict: .*threw: three \(once\) \(all in /,
    );
  }
  const rows = await rowsOf(`${work.dir}/a.jsonl`);
  assertEquals(
    rows.map(({ chosen_score, rejected_score }) => [chosen_score, rejected_score]),
    [[2, 0], [3, 2]],
  );
  assertEquals(
    rows.map(({ prompt, chosen, rejected, verdict }) => [prompt, chosen, rejected, verdict]),
    [["One?", "12", "1234567", "b"], ["Two?", "123", "12", "a"]],
  );
  assertEquals(await rowsOf(`${work.dir}/b.parquet`), rows);
  const log = await jsonLines<{ verdict: { reason?: string } }>(
    `${work.dir}/a.jsonl.verdicts.jsonl`,
  );
  assertMatch(log[3].verdict.reason!, /threw: three$/);
});
