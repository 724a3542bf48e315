import { assert, assertEquals, assertRejects } from "@std/assert";
import { exportPairs } from "../../../files/datasets/export_pairs.ts";
import { openDataset } from "../../../files/datasets/open_dataset.ts";
import { toExamples } from "../../../core/text/rows/examples.ts";
import { Mistake } from "../../../core/base/mistake.ts";

const answer = (text: string, first: number) => ({
  text,
  ...{ ids: [first, 2], finish: "stop", logps: [-1.25, Math.fround(-0.1)], referenceLogp: -1.35 },
});
const line = (outcome: string, more = {}) => ({
  ...{
    phase: 1,
    step: 3,
    prompt: "Hi, 日本\n",
    promptIds: [1, 9],
    a: answer("A", 4),
    b: { ...answer("B", 5), logps: [-2.25, -0.5], referenceLogp: -2.75 },
  },
  verdict: { outcome, scores: [0.5, 1], reason: "longer" },
  ...{ snapshotId: "snapshot-1", referenceId: "snapshot-1" },
  ...{ sampling: { temperature: 0.9, topP: 0.95, topK: 40, minP: 0.05, maxNew: 16 }, ...more },
});

async function exported(lines: unknown[], format: "jsonl" | "parquet", annotator?: string) {
  const dir = await Deno.makeTempDir();
  try {
    const path = `${dir}/pairs.jsonl`;
    await Deno.writeTextFile(path, lines.map((l) => JSON.stringify(l) + "\n").join(""));
    const out = `${dir}/out.${format}`;
    const counts = await exportPairs(path, out, format, { annotator });
    const dataset = await openDataset(out);
    const rows = (await Deno.stat(out)).size === 0 ? [] : await Array.fromAsync(dataset.rows());
    return { counts, rows: rows.map(({ row }) => row), dir };
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const LINES = [
  line("a"),
  line("b", {
    annotator: "judge",
    snapshotHash: "ab12",
    sampling: undefined,
    verdict: { outcome: "b", scores: [0, 2] },
  }),
  line("tie"),
  line("failed"),
];

for (const format of ["jsonl", "parquet"] as const) {
  Deno.test(`exportPairs() writes all that is known of a pair as ${format}, chosen first`, async () => {
    const { counts, rows } = await exported(LINES, format, "stories");
    const trlIds = { same: 0, end: 0, text: 0, unknown: 2 };
    assertEquals(counts, { pairs: 2, ties: 1, failed: 1, trlIds });
    assertEquals(rows[0], {
      ...{ trl_ids: null, tokenizer_hash: null },
      ...{ prompt: "Hi, 日本\n", chosen: "A", rejected: "B" },
      ...{ prompt_ids: [1, 9], chosen_ids: [4, 2], rejected_ids: [5, 2] },
      ...{ chosen_finish: "stop", rejected_finish: "stop" },
      ...{ chosen_logps: [-1.25, Math.fround(-0.1)], rejected_logps: [-2.25, -0.5] },
      ...{ ref_chosen_logps: -1.35, ref_rejected_logps: -2.75 },
      ...{ temperature: 0.9, top_p: 0.95, top_k: 40, min_p: 0.05, max_new_tokens: 16 },
      ...{ snapshot: "snapshot-1", snapshot_hash: null, reference: "snapshot-1" },
      ...{ annotator: "stories", verdict: "a", order: "chosen,rejected", reason: "longer" },
      ...{ chosen_score: 0.5, rejected_score: 1, phase: 1, step: 3 },
    });
    const { chosen, chosen_ids, order, annotator, snapshot_hash, temperature, chosen_score } =
      rows[1];
    assertEquals(
      { chosen, chosen_ids, order, annotator, snapshot_hash, temperature, chosen_score },
      {
        ...{ chosen: "B", chosen_ids: [5, 2], order: "rejected,chosen", annotator: "judge" },
        ...{ snapshot_hash: "ab12", temperature: null, chosen_score: 2 },
      },
    );
  });

  Deno.test(`exportPairs() writes a ${format} of no pairs`, async () => {
    const { counts, rows } = await exported([], format);
    assertEquals([counts.pairs, rows.length], [0, 0]);
    assertEquals((await exported([line("tie")], format)).counts.ties, 1);
  });
}

for (
  const [outcome, said, order] of [
    ["a", {}, "chosen,rejected"],
    ["b", {}, "rejected,chosen"],
    ["a", { order: "b,a" }, "rejected,chosen"],
    ["b", { order: "b,a" }, "chosen,rejected"],
    ["b", { order: "both" }, "both"],
    ["a", { verdict: { outcome: "a", order: "both" } }, "both"], // as `leash annotate` logs it
  ] as const
) {
  Deno.test(`exportPairs() says ${order} where ${outcome} won and ${JSON.stringify(said)}`, async () => {
    const { rows } = await exported([line(outcome, said)], "jsonl");
    assertEquals(rows[0].order, order);
  });
}

Deno.test("exportPairs() writes many row groups of Parquet that come back in order", async () => {
  const lines = Array.from({ length: 2500 }, (_, step) => line("a", { step }));
  const { rows } = await exported(lines, "parquet");
  assertEquals(rows.map(({ step }) => step), lines.map((_, step) => step));
});

for (const format of ["jsonl", "parquet"]) {
  Deno.test(`exportPairs() holds a row group in memory, not the ${format}`, async () => {
    const script = new URL("../../malformed/measure_export.ts", import.meta.url).pathname;
    const flags = "--v8-flags=--expose-gc,--max-semi-space-size=2,--max-old-space-size=160"; // little garbage waits
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-check", "-A", flags, script, format],
    }).output();
    assertEquals(new TextDecoder().decode(stderr), "");
    const { size, grown } = JSON.parse(new TextDecoder().decode(stdout));
    // Measured: 31 and 51 MiB; 308 and 91 where the whole file is held.
    assert(grown < 80 * 2 ** 20 && size > 100 * 2 ** 20, `${grown} bytes for ${size}`);
  });
}

Deno.test("exportPairs() writes what toExamples() reads", async () => {
  const dir = await Deno.makeTempDir();
  await Deno.writeTextFile(`${dir}/pairs.jsonl`, JSON.stringify(line("b")) + "\n");
  await exportPairs(`${dir}/pairs.jsonl`, `${dir}/out.parquet`, "parquet");
  const [example] = await Array.fromAsync(
    toExamples((await openDataset(`${dir}/out.parquet`)).rows()),
  );
  await Deno.remove(dir, { recursive: true });
  assertEquals([example.kind, example.place], ["preference", `${dir}/out.parquet row 1`]);
});

const COUNT = "expected a whole number from 0 to 2147483647";
const WRONG: [change: Record<string, unknown>, message: string][] = [
  [{ verdict: { outcome: "c" } }, 'verdict.outcome is "c", expected a, b, tie or failed'],
  [{ verdict: undefined }, "verdict.outcome is missing, expected a, b, tie or failed"],
  [{ a: 7 }, "a is 7, expected an answer"],
  [{ a: { ...answer("A", 4), ids: [1.5] } }, "a.ids is [1.5], expected token ids"],
  [{ a: { ...answer("A", 4), logps: [-1] } }, "a.logps is [-1], expected 2 log-probs"],
  [{ b: { ...answer("A", 4), text: undefined } }, "b.text is missing, expected text"],
  [{ promptIds: [-1] }, "promptIds is [-1], expected token ids"],
  [{ snapshotId: 3 }, "snapshotId is 3, expected text"],
  [{ step: "x" }, `step is "x", ${COUNT}`],
  [{ phase: 0.5 }, `phase is 0.5, ${COUNT}`],
  [{ step: 2 ** 33 }, `step is 8589934592, ${COUNT}`],
  [{ step: undefined }, `step is missing, ${COUNT}`],
  [{ sampling: { maxNew: 1e10 } }, `sampling.maxNew is 10000000000, ${COUNT}`],
  [{ sampling: { topK: -1 } }, `sampling.topK is -1, ${COUNT}`],
];
for (const [change, message] of WRONG) {
  Deno.test(`exportPairs() refuses a line whose ${message}, and writes nothing`, async () => {
    for (const format of ["jsonl", "parquet"] as const) {
      const dir = await Deno.makeTempDir();
      const path = `${dir}/pairs.jsonl`;
      const lines = [line("a"), line("a", change)];
      await Deno.writeTextFile(path, lines.map((l) => JSON.stringify(l) + "\n").join(""));
      const error = await assertRejects(
        () => exportPairs(path, `${dir}/out.${format}`, format),
        Mistake,
      );
      const left = await Array.fromAsync(Deno.readDir(dir), ({ name }) => name);
      await Deno.remove(dir, { recursive: true });
      assertEquals(error.message, `Cannot export ${path}: line 2 ${message}`);
      assertEquals(left, ["pairs.jsonl"]);
    }
  });
}

const SPELLED = {
  ...{ spelled: "<s>Hi", tokenizer: { hash: "ab12", begin: "<s>", end: "</s>" } },
  a: { ...answer("A", 4), spelled: "A</s>", isExact: true },
  b: { ...answer("B", 5), spelled: "B</s>", isExact: true },
};
const CALL = {
  ...{ id: "1", type: "function" },
  function: { name: "f", arguments: { x: 1.5 } },
};
const DIALOGUE = {
  prompt: [
    { role: "system", content: "S" },
    { role: "user", content: "é" },
    { role: "assistant", content: "", tool_calls: [CALL] },
    { role: "tool", content: "2", name: "f", tool_call_id: "1" },
  ],
  tools: [{ type: "function", function: { name: "f" } }],
};

for (const format of ["jsonl", "parquet"] as const) {
  Deno.test(`exportPairs() writes dialogues as messages in ${format}, and the tokenizer's hash`, async () => {
    const { counts, rows } = await exported(
      [line("tie", SPELLED), line("b", { ...SPELLED, source: DIALOGUE })],
      format,
    );
    assertEquals(counts.trlIds, { same: 1, end: 0, text: 0, unknown: 0 });
    const { prompt, chosen, tools, tokenizer_hash, trl_ids } = rows[0];
    const there = (value: unknown): unknown =>
      // Parquet has every field of a turn
      JSON.parse(JSON.stringify(value), (_, v) => v === null ? undefined : v);
    const args = format === "jsonl" ? { x: 1.5 } : '{"x":1.5}';
    const called = { ...CALL, function: { ...CALL.function, arguments: args } };
    const [system, user, call, tool] = DIALOGUE.prompt;
    assertEquals(there(prompt), [system, user, { ...call, tool_calls: [called] }, tool]);
    assertEquals(there(chosen), [{ role: "assistant", content: "B", rendered: "B</s>" }]);
    assertEquals([tools, tokenizer_hash, trl_ids], [
      JSON.stringify(DIALOGUE.tools),
      "ab12",
      "same",
    ]);
    const { rendered, end_token } = rows[0].chat_template_kwargs as Record<string, string>;
    assertEquals([rendered, end_token], ["<s>Hi", "</s>"]);
  });

  Deno.test(`exportPairs() writes text throughout where one prompt of a ${format} was text`, async () => {
    const text = { ...SPELLED, spelled: "Hi" };
    const { counts, rows } = await exported(
      [
        line("a", { ...SPELLED, source: DIALOGUE }),
        line("a", { ...text, source: { prompt: "Hi" } }),
      ],
      format,
    );
    assertEquals(rows.map(({ prompt }) => prompt), ["Hi", "Hi"]); // TRL puts <s> before both
    assertEquals(rows.map(({ chosen }) => chosen), ["A", "A"]);
    assertEquals(counts.trlIds, { same: 1, end: 0, text: 1, unknown: 0 });
    assertEquals(Object.hasOwn(rows[0], "chat_template_kwargs"), false);
  });
}
