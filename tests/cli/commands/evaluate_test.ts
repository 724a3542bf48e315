import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { EVALUATE, evaluationLine } from "../../../cli/commands/evaluate.ts";
import {
  commandWorkspace,
  jsonLines,
  runIn,
  tinyMembers,
  writePeft,
} from "../../support/command_run.ts";

const PROMPTS = ["Tom sat.", "Mia ran.", "Ben fell.", "Lily hid."];
const DEVICE = "--device cpu --threads 1 --max-new 6";

/** A workspace with prompts, a rule that prefers long answers, and an adapter. */
async function setting() {
  const work = await commandWorkspace();
  await Deno.writeTextFile(`${work.dir}/p.txt`, PROMPTS.join("\n"));
  await Deno.writeTextFile(
    `${work.dir}/longer.js`,
    "export default (_prompt, completion) => completion.length;\n",
  );
  const [member] = await tinyMembers(1);
  await writePeft(`${work.dir}/lora`, member);
  const base = `--model ${work.dir}/model --data ${work.dir}/p.txt ` +
    `--annotator rule:${work.dir}/longer.js ${DEVICE}`;
  return { work, base };
}

interface Result {
  readonly adapter: string;
  readonly against: string;
  readonly prompts: number;
  readonly winRate: {
    readonly value: number;
    readonly low: number;
    readonly high: number;
    readonly n: number;
    readonly ties: number;
  };
}

const resultOf = (lines: readonly string[]): Result => JSON.parse(lines.join("\n"));

Deno.test("EVALUATE of a greedy policy against itself is all ties", async () => {
  const { work, base } = await setting();
  using _work = work;
  const { code, out, errors } = await runIn(EVALUATE, `${base} --temperature 0 --json`);
  assertEquals(code, 0, errors.join("\n"));
  const { adapter, against, prompts, winRate } = resultOf(out);
  assertEquals([adapter, against, prompts], ["base", "base", 4]);
  assertEquals([winRate.value, winRate.ties], [0.5, 4]);
  assertEquals(winRate.low + winRate.high, 1); // four ties are four comparisons, and no more certain
});

Deno.test("EVALUATE against a file compares each prompt with its own answer", async () => {
  const { work, base } = await setting();
  using _work = work;
  // In another order than the prompts: two answers that nobody outgrows, two of one character.
  const rows = PROMPTS.map((prompt, i) => ({ prompt, completion: i < 2 ? "y".repeat(500) : "." }));
  const answers = `${work.dir}/answers.jsonl`;
  await Deno.writeTextFile(answers, rows.reverse().map((row) => JSON.stringify(row)).join("\n"));
  const out = `${work.dir}/verdicts.jsonl`;
  const ran = await runIn(EVALUATE, `${base} --against ${answers} --json --out ${out}`);
  assertEquals(ran.code, 0, ran.errors.join("\n"));
  assertEquals(resultOf(ran.out).winRate.value, 0.5);
  const lines = await jsonLines<{ prompt: string; against: string; verdict: { outcome: string } }>(
    out,
  );
  assertEquals(lines.map(({ prompt }) => prompt), PROMPTS);
  assertEquals(lines.map(({ verdict }) => verdict.outcome), ["b", "b", "a", "a"]);
  assert(lines[0].against.startsWith("yyy") && lines[3].against === ".");
});

Deno.test("EVALUATE draws other answers for the other side", async () => {
  const { work, base } = await setting();
  using _work = work;
  const out = `${work.dir}/verdicts.jsonl`;
  const ran = await runIn(EVALUATE, `${base} --out ${out}`); // the base against itself
  assertEquals(ran.code, 0, ran.errors.join("\n"));
  const lines = await jsonLines<{ completion: string; against: string }>(out);
  assertNotEquals(lines.map((line) => line.completion), lines.map((line) => line.against));
});

Deno.test("EVALUATE against preferences takes the chosen answer, and the first of a prompt's", async () => {
  const { work, base } = await setting();
  using _work = work;
  const rows = PROMPTS.flatMap((prompt, i) => [
    { prompt, chosen: `first ${i}`, rejected: "worse" },
    { prompt, chosen: "second", rejected: "worse" },
    { prompt },
  ]);
  const answers = `${work.dir}/answers.jsonl`, out = `${work.dir}/verdicts.jsonl`;
  await Deno.writeTextFile(answers, rows.map((row) => JSON.stringify(row)).join("\n"));
  const ran = await runIn(EVALUATE, `${base} --against ${answers} --out ${out}`);
  assertEquals(ran.code, 0, ran.errors.join("\n"));
  const lines = await jsonLines<{ against: string }>(out);
  assertEquals(lines.map(({ against }) => against), PROMPTS.map((_, i) => `first ${i}`));
  const skipped = ran.errors.filter((line) =>
    line.includes("4 skipped: it has no answer, expected")
  );
  assertEquals(skipped.length, 1, "rows without an answer are passed over and counted");
});

Deno.test("EVALUATE of an adapter says the same every time, and its text names both sides", async () => {
  const { work, base } = await setting();
  using _work = work;
  const args = `${base} --adapter ${work.dir}/lora --out ${work.dir}`;
  const first = await runIn(EVALUATE, `${args}/1.jsonl`);
  const again = await runIn(EVALUATE, `${args}/2.jsonl`);
  assertEquals([first.code, first.out], [0, again.out]);
  const [one, two] = [
    await jsonLines(`${work.dir}/1.jsonl`),
    await jsonLines(`${work.dir}/2.jsonl`),
  ];
  assertEquals(one, two);
  assertMatch(
    first.out[0],
    /^Win rate of .*lora against base by rule:.*: \d\.\d{3} \[\d\.\d{3}, \d\.\d{3}\] over 4 prompts, \d ties$/,
  );
});

Deno.test("evaluationLine() says why verdicts are missing", () => {
  const winRate = { value: 1, low: 1, high: 1, n: 1, ties: 0, failed: 1 };
  const line = evaluationLine(
    { adapter: "a", against: "b", annotator: "c", winRate },
    [{ outcome: "a" }, { outcome: "failed", reason: "it threw" }],
  );
  assertMatch(line, /over 1 prompt, 0 ties, 1 without a verdict: it threw \(once\)$/);
});

for (
  const [args, message] of [
    ["--annotator storys", /^Cannot evaluate: --annotator is "storys", .* Did you mean stories\?$/],
    ["--annotator none", /^Cannot evaluate: --annotator is none, expected somebody who annotates$/],
    ["--against nobody", /^Cannot use the adapter "nobody": it is not there/],
    [
      "--against DIR/other.jsonl",
      /has no answer to "Tom sat\." \(.*p\.txt:1\), expected one to each prompt$/,
    ],
    ["--against DIR/texts.txt", /has 1 texts, expected 4, one a prompt$/],
  ] as const
) {
  Deno.test(`EVALUATE ${args} is one line and exit code 2`, async () => {
    const { work, base } = await setting();
    using _work = work;
    await Deno.writeTextFile(`${work.dir}/other.jsonl`, '{"prompt":"Hi","completion":"a"}\n');
    await Deno.writeTextFile(`${work.dir}/texts.txt`, "one\n");
    const ran = await runIn(EVALUATE, `${base} ${args.replace("DIR", work.dir)}`);
    assertEquals([ran.code, ran.out], [2, []], ran.errors.join("\n"));
    assertMatch(ran.errors.at(-1)!, message);
  });
}

Deno.test("EVALUATE of which every verdict failed keeps them, says why and exits 1", async () => {
  const { work, base } = await setting();
  using _work = work;
  await Deno.writeTextFile(`${work.dir}/longer.js`, "export default () => undefined;\n");
  const out = `${work.dir}/e.jsonl`;
  const ran = await runIn(EVALUATE, `${base} --adapter ${work.dir}/lora --out ${out}`);
  assertEquals([ran.code, ran.out], [1, []], ran.errors.join("\n"));
  assertMatch(
    ran.errors.at(-1)!,
    /^Cannot evaluate: all 4 verdicts failed \(rule:.* returned undefined, expected a finite number \(4 times\)\), expected some$/,
  );
  assertEquals((await jsonLines(out)).length, 4);
});
