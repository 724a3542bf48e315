import { assert, assertAlmostEquals, assertEquals, assertMatch } from "@std/assert";
import { completionLogps, loadModel } from "../../../core/mod.ts";
import { openDevice } from "../../../backend/mod.ts";
import { openModel } from "../../../files/mod.ts";
import { SCORE, summaryLines } from "../../../cli/commands/score.ts";
import {
  commandWorkspace,
  jsonLines,
  runIn,
  tinyMembers,
  writePeft,
} from "../../support/command_run.ts";
import { tinyModel } from "../../support/tiny_run.ts";

const DEVICE = "--device cpu --threads 1";

interface Score {
  readonly sum: number;
  readonly mean: number;
  readonly tokens: number;
  readonly base?: number;
  readonly logps?: number[];
}

Deno.test("SCORE gives the log-probs of prompt and completion that the library gives", async () => {
  using work = await commandWorkspace();
  const rows = [{ prompt: "Tom", completion: " sat down." }, {
    prompt: "Mia",
    completion: " ran.",
  }];
  await Deno.writeTextFile(
    `${work.dir}/d.jsonl`,
    rows.map((row) => JSON.stringify(row)).join("\n"),
  );
  const out = `${work.dir}/s.jsonl`;
  const ran = await runIn(
    SCORE,
    `--model ${work.dir}/model --data ${work.dir}/d.jsonl --out ${out} --per-token ${DEVICE}`,
  );
  assertEquals(ran.code, 0, ran.errors.join("\n"));
  const found = await jsonLines<Score & { place: string }>(out);

  using device = await openDevice({ kind: "cpu", threads: 1 });
  using opened = await openModel(`${work.dir}/model`);
  const { config, tensors } = await tinyModel();
  const model = loadModel(device, config, tensors);
  using _weights = model.weights;
  const sequences = rows.map(({ prompt, completion }) => {
    const encode = (text: string) => opened.tokenizer!.encode(text, { allowSpecial: false });
    const ids = [0, ...encode(prompt)];
    return { ids: [...ids, ...encode(completion), 0], promptLength: ids.length };
  });
  const { perToken } = await completionLogps(device, model, sequences);
  found.forEach(({ place, sum, mean, tokens, logps }, i) => {
    assertEquals(place, `${work.dir}/d.jsonl:${i + 1}`);
    assertEquals(logps, [...perToken[i]]);
    assertEquals(tokens, perToken[i].length);
    // sum is f32: at most tokens roundings of its size
    assertAlmostEquals(
      sum,
      perToken[i].reduce((a, b) => a + b, 0),
      tokens * 2 ** -24 * -sum + 1e-6,
    );
    assertEquals(mean, sum / tokens);
  });
  assertMatch(ran.out[0], /^2 answers, \d+ tokens: mean NLL \d+\.\d{4} nats, perplexity /);
});

Deno.test("SCORE of pairs with an adapter has margins against the base", async () => {
  using work = await commandWorkspace();
  const [member] = await tinyMembers(1);
  await writePeft(`${work.dir}/lora`, member);
  const row = { prompt: "Tom", chosen: " sat down.", rejected: " ran." };
  await Deno.writeTextFile(`${work.dir}/d.jsonl`, JSON.stringify(row));
  const out = `${work.dir}/s.jsonl`;
  const args = `--model ${work.dir}/model --data ${work.dir}/d.jsonl --out ${out} ${DEVICE}`;
  const { code, out: lines } = await runIn(SCORE, `${args} --adapter ${work.dir}/lora`);
  assertEquals([code, lines.length], [0, 3], lines.join("\n"));
  type Line = { chosen: Required<Score>; rejected: Required<Score>; margin: number };
  const [{ chosen, rejected, margin }] = await jsonLines<Line>(out);
  assertAlmostEquals(margin, chosen.sum - chosen.base - (rejected.sum - rejected.base), 1e-12);
  assert(chosen.sum !== chosen.base);
  assertMatch(lines[2], new RegExp(`implicit-reward accuracy ${margin > 0 ? 1 : 0}\\.0000`));

  await Deno.remove(out);
  const bare = await runIn(SCORE, args);
  assertEquals([bare.code, bare.out.length], [0, 2]);
  const [{ chosen: alone }] = await jsonLines<Line>(out);
  assertAlmostEquals(alone.sum, chosen.base, 1e-6);
});

Deno.test("summaryLines() takes the mean over tokens, and ties for half", () => {
  const score = (sum: number, tokens: number, base?: number) => {
    return { sum, tokens, mean: sum / tokens, ...(base === undefined ? {} : { base }) };
  };
  assertEquals(
    summaryLines([{ kind: "completion" }, { kind: "completion" }], [
      [score(-1, 1)],
      [score(-5, 3)],
    ]),
    ["2 answers, 4 tokens: mean NLL 1.5000 nats, perplexity 4.482"],
  );
  const pair = { kind: "preference" } as const;
  const scores = [[score(-2, 1, -3), score(-1, 1, -2)], [score(-1, 1, -4), score(-2, 1, -2)]];
  assertEquals(summaryLines([pair, pair], scores).slice(1), [
    "2 pairs: chosen is likelier in 0.5000 of them",
    "against the base: implicit-reward accuracy 0.7500, mean margin 1.5000 nats",
  ]);
});

for (
  const [content, args, message] of [
    ['{"prompt":"Tom"}', "", /it is a prompt without an answer, expected completion/],
    [
      '{"prompt":"Tom","completion":""}',
      "",
      /has no row that can be used, expected one \(0 of 1 row /,
    ],
    ['{"prompt":"Tom","completion":"a"}', "--per-token", /--per-token is given without --out/],
    ['{"prompt":"Tom","completion":"a"}', "--max-prompt 64", /--max-prompt is 64, expected fewer/],
    ["not json", "", /line 1 is not JSON, expected one object a line/],
  ] as const
) {
  Deno.test(`SCORE ${args} of ${content} is one line and exit code 2`, async () => {
    using work = await commandWorkspace();
    await Deno.writeTextFile(`${work.dir}/d.jsonl`, content);
    const { code, out, errors } = await runIn(
      SCORE,
      `--model ${work.dir}/model --data ${work.dir}/d.jsonl ${DEVICE} ${args}`,
    );
    assertEquals([code, out, errors.length], [2, [], 1], errors.join("\n"));
    assertMatch(errors[0], message);
  });
}
