import { loadWorkload } from "../../cli/train/device/workload.ts";
import { readWorkload } from "../../cli/train/plan/workload_files.ts";
import { storiesConfig } from "../support/run_settings.ts";
import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import {
  type Adapter,
  adapterLayout,
  type Annotator,
  generate,
  linearLayers,
  NoVerdict,
  type Verdict,
} from "../../core/mod.ts";
import { CpuDevice } from "../../backend/cpu/device.ts";
import { referencesOf } from "../../cli/train/device/references.ts";
import { promptIds, uploadSnapshot } from "../../scheduler/mod.ts";
import {
  ANSWER_KEY,
  answerPrompts,
  correlation,
  evaluate,
  type EvaluateOptions,
  evaluationRow,
  REFERENCE_KEY,
  temperatureOneKl,
} from "../../training/mod.ts";
import { textMetrics } from "../../stories/text_metrics.ts";
import { distinctShare } from "../../stories/text_quality.ts";
import { uniform } from "../support/random.ts";
import { tinyWorkspace } from "../support/tiny_run.ts";
import { modelFixture } from "../support/fixtures.ts";
import { charTokenizer } from "../support/tiny_task.ts";

function judge(name: string, say: (a: string, b: string) => Verdict): Annotator {
  return { name, annotate: (pairs) => Promise.resolve(pairs.map(({ a, b }) => say(a, b))) };
}

Deno.test("evaluate() compares answers with references, the same in every run, and measures the KL", async () => {
  using work = await tinyWorkspace();
  using device = await CpuDevice.open({ threads: 1 });
  const config = {
    model: `${work.dir}/model`,
    prompts: `${work.dir}/prompts.txt`,
    evalPrompts: 6,
    maxNew: 5,
    temperature: 1,
    topP: 1,
    annotator: "stories",
  };
  using files = await readWorkload(storiesConfig("", config));
  using task = await loadWorkload(device, files, storiesConfig("", config));
  const references = await referencesOf({
    ...{ device, workload: task, config: storiesConfig("", config), policies: {} },
  });
  assertEquals([references.committed, references.texts.length], [false, 6]);
  const options = {
    model: task.model,
    tokenizer: task.tokenizer,
    prompts: task.prompts.evaluation,
    against: references.texts,
    annotator: judge("longer", (a, b) => ({
      outcome: a.length > b.length ? "a" : a.length < b.length ? "b" : "tie",
      scores: [a.length, b.length],
    })),
    heldOut: judge("nobody", (a, b) => ({ outcome: a === b ? "tie" : "b", scores: [0, 1] })),
    texts: textMetrics(task.known),
    maxNew: 5,
  };
  const bare = await evaluate(device, options);
  assertEquals(bare, await evaluate(device, options));
  assertEquals(bare.numbers.kl, 0);
  assertEquals(bare.answers.length, 6);
  assert(bare.answers.every((answer, i) => answer !== references.texts[i]), "Expected other draws");
  const longer = bare.answers.map((a, i): number => {
    const b = references.texts[i];
    return a.length > b.length ? 1 : a.length < b.length ? 0 : 0.5;
  });
  assertEquals(bare.numbers.winRate.value, longer.reduce((x, y) => x + y, 0) / 6);
  assertEquals([bare.numbers.heldOut?.value, bare.numbers.heldOut?.n], [0, 6]);
  assertEquals(
    bare.numbers.outcomes,
    { winRate: longer.map((w) => w === 1 ? "a" : w === 0 ? "b" : "t").join(""), heldOut: "bbbbbb" },
  );
  const ended = (await generate(
    device,
    task.model,
    task.prompts.evaluation.map((prompt) => promptIds(task.tokenizer, prompt)),
    { maxNew: 5, key: ANSWER_KEY },
  )).filter(({ finish }) => finish === "stop").length;
  assertEquals(bare.numbers.stopped, ended / 6);
  assertNotEquals(ended, 3, "Expected another share than its opposite");
  assertEquals(bare.numbers.text.distinct3, distinctShare(bare.answers, 3));
  assertEquals(bare.numbers.judgeCorrelation, null, "Expected no correlation with a constant");

  const layout = adapterLayout(linearLayers(task.model.config), { rank: 2, alpha: 2 });
  using policy = uploadSnapshot(device, "p", layout, uniform(layout.size, 3, 0.4));
  const moved = await evaluate(device, { ...options, policy: policy.adapter() });
  assert(
    moved.numbers.kl > 0.5,
    `Expected another distribution to be far, found ${moved.numbers.kl}`,
  );
  const { temperature: _temperature, topP: _topP, ...rest } = { ...config, ...options };
  // The samples above are at temperature 1 too.
  const again = await temperatureOneKl(device, { ...rest, policy: policy.adapter() });
  assertEquals(again, moved.numbers.kl);
  const cold = { ...options, temperature: 0.1, policy: policy.adapter() };
  assert((await evaluate(device, cold)).numbers.kl !== again);
  assertEquals(await temperatureOneKl(device, rest), 0);
  using zero = uploadSnapshot(device, "z", layout, new Float32Array(layout.size));
  const same = await evaluate(device, { ...options, policy: zero.adapter() });
  assertEquals(same.answers, bare.answers);
  assert(Math.abs(same.numbers.kl) < 1e-4, `Expected 0, found ${same.numbers.kl}`);
  assert(
    Object.values(evaluationRow(moved.numbers)).every((x) => x === null || Number.isFinite(x)),
  );
});

Deno.test("evaluate() where nobody compares ranks pairs, and starts from an adapter where there is one", async () => {
  using work = await tinyWorkspace();
  using device = await CpuDevice.open({ threads: 1 });
  const config = {
    ...{ model: `${work.dir}/model`, prompts: `${work.dir}/prompts.txt`, evalPrompts: 3 },
    maxNew: 5,
  };
  using files = await readWorkload(storiesConfig("", config));
  using task = await loadWorkload(device, files, storiesConfig("", config));
  const { model, tokenizer, prompts } = task;
  const layout = adapterLayout(linearLayers(model.config), { rank: 2, alpha: 2 });
  using start = uploadSnapshot(device, "s", layout, uniform(layout.size, 3, 0.4));
  using policy = uploadSnapshot(device, "p", layout, uniform(layout.size, 4, 0.4));
  const asked: unknown[] = [];
  const options = {
    ...{ model, tokenizer, prompts: prompts.evaluation, maxNew: 5, texts: textMetrics() },
    rank: (adapter: unknown) => {
      asked.push(adapter);
      return Promise.resolve(["a", "a", "a", "b"] as const).then((outcomes) => [...outcomes]);
    },
  };
  const ids = prompts.evaluation.map((prompt) => ({
    text: "?",
    ids: promptIds(tokenizer, prompt),
  }));
  const bare = await evaluate(device, options);
  assertEquals(bare.answers, (await evaluate(device, { ...options, prompts: ids })).answers);
  assertEquals([bare.numbers.winRate.value, bare.numbers.isRanked], [0.75, true]);
  assertEquals([bare.numbers.heldOut, Object.keys(bare.numbers.text)], [
    undefined,
    ["repetition", "distinct3", "words"],
  ]);
  const row = evaluationRow(bare.numbers);
  assertEquals([row["eval_rewards/accuracies"], "eval_win_rate" in row], [0.75, false]);

  const began = await evaluate(device, { ...options, start: start.adapter() });
  assertEquals(began.numbers.kl, 0, "the start is the measure of KL");
  assert(began.answers.join() !== bare.answers.join());
  const moved = await evaluate(device, {
    ...options,
    start: start.adapter(),
    policy: policy.adapter(),
  });
  assert(moved.numbers.kl > 0.1, `Expected it far from the start, found ${moved.numbers.kl}`);
  const still = { ...options, start: start.adapter(), policy: start.adapter() };
  const { kl } = (await evaluate(device, still)).numbers;
  assert(Math.abs(kl) < 1e-4, `Expected the start to be at no distance from itself, found ${kl}`);
  assertEquals(asked.map((adapter) => adapter === undefined), [true, true, true, false, false]);
});

Deno.test("evaluate() compares with another policy's own draws, by default the start's", async () => {
  using device = await CpuDevice.open({ threads: 1 });
  const model = await modelFixture(device, "tiny_llama");
  using _weights = model.weights;
  const layout = adapterLayout(linearLayers(model.config), { rank: 2, alpha: 2 });
  using one = uploadSnapshot(device, "one", layout, uniform(layout.size, 3, 0.4));
  using other = uploadSnapshot(device, "other", layout, uniform(layout.size, 4, 0.4));
  const seen: string[][] = [];
  const annotator = judge("first", (_, b) => (seen.at(-1)!.push(b), { outcome: "a" }));
  const setting = { model, tokenizer: charTokenizer, maxNew: 6, prompts: ["ab", "Hello", "x"] };
  const against = async (more: Partial<EvaluateOptions>) => {
    seen.push([]);
    const options = { ...setting, annotator, policy: one.adapter(), ...more };
    assertEquals((await evaluate(device, options)).numbers.outcomes.winRate, "aaa");
    return seen.at(-1);
  };
  const drawn = async (adapter?: Adapter) =>
    (await answerPrompts(device, { ...setting, adapter, key: REFERENCE_KEY })).texts;
  assertEquals(await against({}), await drawn());
  assertEquals(await against({ start: other.adapter() }), await drawn(other.adapter()));
  assertEquals(
    await against({ against: { adapter: other.adapter() } }),
    await drawn(other.adapter()),
  );
  assertEquals(await against({ against: {}, start: other.adapter() }), await drawn());
  assertEquals(await against({ against: ["x", "y", "z"] }), ["x", "y", "z"]);
  await assertRejects(
    () => against({ against: ["x", "y"] }),
    TypeError,
    "Cannot evaluate the policy: against has 2 texts, expected 3, one a prompt",
  );
  await assertRejects(
    () => against({ annotator: undefined }),
    TypeError,
    "Cannot evaluate the policy: annotator and rank are missing, expected one of them",
  );
  await assertRejects(
    () => against({ heldOut: judge("mute", () => ({ outcome: "failed", reason: "no key" })) }),
    NoVerdict,
    "Cannot evaluate the policy: all 3 verdicts failed (no key (3 times)), expected some",
  );
});

Deno.test("correlation() is over the pairs that both scored, and null where it is undefined", () => {
  const scored = (...differences: (number | undefined)[]): Verdict[] =>
    differences.map((d) => ({ outcome: "tie", ...(d === undefined ? {} : { scores: [d, 0] }) }));
  const value = correlation(scored(1, 2, undefined, 3), scored(2, 4, 100, 6));
  assert(value !== null && Math.abs(value - 1) < 1e-12);
  assertEquals(correlation(scored(1, undefined), scored(undefined, 1)), null);
  assertEquals(correlation(scored(1, 1), scored(1, 2)), null);
});
