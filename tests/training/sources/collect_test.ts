import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { Arena } from "../../../backend/mod.ts";
import {
  type Candidate,
  completionLogps,
  completionText,
  fold,
  generate,
  keyOf,
  type Verdict,
  withOrderSwap,
} from "../../../core/mod.ts";
import { adapterHash } from "../../../scheduler/mod.ts";
import { bestAndWorst, collect, type CollectOptions, firstTwo } from "../../../training/mod.ts";
import { deviceTest } from "../../support/devices.ts";
import { adapterFixture, modelFixture, uploadMembers } from "../../support/fixtures.ts";
import { alternating, charTokenizer, letters } from "../../support/tiny_task.ts";
import { Mistake } from "../../../core/base/mistake.ts";

const prompts = ["Hello", "ab", "x"].map((text, i) => ({
  text,
  step: 2 + (i >> 1),
  stream: 10 + i,
}));
const common: Omit<CollectOptions, "model"> = {
  tokenizer: charTokenizer,
  annotator: letters,
  behaviour: { id: "bare" },
  reference: { id: "bare" },
  phase: 4,
  prompts,
  sampling: { temperature: 1 },
  maxNew: 5,
  key: keyOf(2),
};

deviceTest(
  "collect() records two answers a prompt, the verdict, and who wrote and scored them",
  async (device) => {
    const model = await modelFixture(device, "tiny_llama");
    using _weights = model.weights;
    const { layout, params } = await adapterFixture(model, "tiny_llama_lora");
    using arena = new Arena(device, "adapter");
    const adapter = uploadMembers(arena, layout, [params]);
    arena.commit();
    const { records } = await collect(device, {
      ...common,
      model,
      behaviour: { id: "snapshot-9", adapter },
      reference: { id: "sft" },
    });
    assertEquals(records.map((r) => [r.prompt, r.step]), prompts.map((p) => [p.text, p.step]));
    for (const record of records) {
      assertEquals([record.phase, record.snapshotId, record.referenceId], [4, "snapshot-9", "sft"]);
      assertEquals([record.annotator, record.order], [letters.name, "a,b"]);
      assertEquals(record.snapshotHash, await adapterHash(device, adapter));
      assertEquals(record.promptIds, [1, ...charTokenizer.encode(record.prompt)]);
      assertNotEquals(record.a.ids, record.b.ids);
      for (const answer of [record.a, record.b]) {
        assertEquals(answer.logps.length, answer.ids.length);
        assertEquals(answer.finish, answer.ids.at(-1) === 2 ? "stop" : "length");
        const sequence = {
          ids: [...record.promptIds, ...answer.ids],
          promptLength: record.promptIds.length,
        };
        const score = async (by?: typeof adapter) =>
          (await completionLogps(device, model, [sequence], { adapter: by })).sums[0];
        assertEquals(answer.referenceLogp, await score()); // by the reference
        const own = answer.logps.reduce((a, b) => a + b);
        assert(Math.abs(own - await score(adapter)) < 1e-4); // by the behaviour policy
      }
      assertEquals(record.verdict, (await letters.annotate([textsOf(record)]))[0]);
    }
  },
);

deviceTest(
  "collect() draws from the run's behaviour key, and each answer from a stream of its own",
  async (device) => {
    const model = await modelFixture(device, "tiny_llama");
    using _weights = model.weights;
    const same = [10, 11, 12].map((stream) => ({ text: "Hello", step: 0, stream }));
    const { records } = await collect(device, { ...common, model, prompts: same });
    const ids = records.flatMap(({ a, b }) => [a.ids, b.ids]);
    assertEquals(new Set(ids.map(String)).size, 6);
    const drawn = await generate(device, model, ids.map(() => records[0].promptIds), {
      ...{ temperature: 1, maxNew: common.maxNew, key: fold(common.key, "behaviour") },
      streams: [20, 21, 22, 23, 24, 25],
    });
    assertEquals(ids, drawn.map((completion) => [...completion.ids]));
  },
  ["cpu"],
);

function textsOf({ prompt, a, b }: { prompt: string; a: { text: string }; b: { text: string } }) {
  return { prompt, a: a.text, b: b.text };
}

deviceTest(
  "collect() gives a prompt the same answers whatever phase it is collected in",
  async (device) => {
    const model = await modelFixture(device, "tiny_llama");
    using _weights = model.weights;
    const { records: whole } = await collect(device, { ...common, model });
    const { records: [last] } = await collect(device, {
      ...common,
      model,
      prompts: prompts.slice(2),
    });
    assertEquals(last, whole[2]);
  },
);

deviceTest(
  "collect() gives the model a prompt's ids and the annotator its text",
  async (device) => {
    const model = await modelFixture(device, "tiny_llama");
    using _weights = model.weights;
    const bare = { id: "bare" };
    const run = { ...common, model, behaviour: bare, reference: bare };
    const ids = [1, 2, 40, 41];
    const { records: [record] } = await collect(device, {
      ...run,
      prompts: [{ text: "Hm", ids, step: 0, stream: 0 }],
    });
    assertEquals([record.prompt, record.promptIds], ["Hm", ids]);
    const said = charTokenizer.decode(ids); // the same ids but for the end token in the middle
    const { records: [text] } = await collect(device, {
      ...run,
      prompts: [{ text: said, step: 0, stream: 0 }],
    });
    assertNotEquals(text.a.logps, record.a.logps);
  },
);

deviceTest("collect() records the order that the annotator names", async (device) => {
  const model = await modelFixture(device, "tiny_llama");
  using _weights = model.weights;
  const annotator = withOrderSwap(letters);
  const { records } = await collect(device, { ...common, model, annotator });
  assertEquals(records.map((r) => r.order), ["both", "both", "both"]);
}, ["cpu"]);

deviceTest("collect() keeps ties and failures with their reasons", async (device) => {
  const model = await modelFixture(device, "tiny_llama");
  using _weights = model.weights;
  const verdicts: Verdict[] = [
    { outcome: "tie" },
    { outcome: "failed", reason: "no network" },
    { outcome: "b" },
  ];
  const annotator = { name: "mixed", annotate: () => Promise.resolve(verdicts) };
  const { records } = await collect(device, { ...common, model, annotator });
  assertEquals(records.map((r) => r.verdict), verdicts);
  assert(records.every((r) => !("snapshotHash" in r)), "Expected no hash of the bare model");
}, ["cpu"]);

deviceTest(
  "collect() shows the annotator text without the end token, and passes the signal on",
  async (device) => {
    const fixture = await modelFixture(device, "tiny_llama");
    using _weights = fixture.weights;
    const model = {
      ...fixture,
      config: { ...fixture.config, eosId: Array.from({ length: 4 }, (_, i) => 60 + i) },
    };
    const seen: Candidate[] = [];
    const { signal } = new AbortController();
    const annotator = {
      ...alternating(),
      annotate(pairs: readonly Candidate[], options?: { signal?: AbortSignal }) {
        assertEquals(options?.signal, signal);
        seen.push(...pairs);
        return Promise.resolve(pairs.map((): Verdict => ({ outcome: "a" })));
      },
    };
    const { records } = await collect(device, { ...common, maxNew: 40, model, annotator, signal });
    assertEquals(seen, records.map(textsOf));
    const answers = records.flatMap(({ a, b }) => [a, b]);
    const stopped = answers.filter(({ finish }) => finish === "stop");
    assert(stopped.length > 0 && stopped.length < answers.length, `${stopped.length} stopped`);
    for (const { ids, text, finish } of answers) {
      assertEquals(text, charTokenizer.decode(finish === "stop" ? ids.slice(0, -1) : ids));
    }
  },
  ["cpu"],
);

deviceTest(
  "collect() rejects where the annotator is broken or answers too little",
  async (device) => {
    const model = await modelFixture(device, "tiny_llama");
    using _weights = model.weights;
    const broken = { name: "broken", annotate: () => Promise.reject(new Error("judge is down")) };
    await assertRejects(
      () => collect(device, { ...common, model, annotator: broken }),
      Error,
      "judge is down",
    );
    const short = { name: "short", annotate: () => Promise.resolve([{ outcome: "a" } as Verdict]) };
    await assertRejects(
      () => collect(device, { ...common, model, annotator: short }),
      Mistake,
      "1 verdicts",
    );
  },
  ["cpu"],
);

deviceTest(
  "collect() of n answers keeps the best and the worst by a rule, and says which",
  async (device) => {
    const model = await modelFixture(device, "tiny_llama");
    using _weights = model.weights;
    const group = { ...common, model, answers: 5 };
    const { records, generated } = await collect(device, { ...group, selector: bestAndWorst() });
    assertEquals(records.length, prompts.length);
    const key = fold(common.key, "behaviour");
    for (const [i, record] of records.entries()) {
      const all = await generate(device, model, Array(5).fill(record.promptIds), {
        ...{ temperature: 1, maxNew: common.maxNew, key },
        streams: [0, 1, 2, 3, 4].map((place) => 5 * prompts[i].stream + place),
      });
      const texts = all.map((completion) => completionText(charTokenizer, completion));
      const scores = texts.map((text) => text.replace(/[^a-z]/gi, "").length);
      const { group: { size, places, selector, scores: said } = {} } = record;
      assertEquals([size, selector, said], [5, "best-and-worst", scores]);
      assertEquals([record.a.text, record.b.text], places!.map((place) => texts[place]));
      const shown = places!.map((place) => scores[place]);
      assertEquals(shown.toSorted((x, y) => x - y), [Math.min(...scores), Math.max(...scores)]);
      const [verdict] = await letters.annotate([textsOf(record)]);
      assertEquals(record.verdict.outcome, verdict.outcome);
    }
    assert(generated > records.reduce((sum, { a, b }) => sum + a.ids.length + b.ids.length, 0));
  },
  ["cpu"],
);

deviceTest("collect() of two answers says nothing of groups, whatever selects", async (device) => {
  const model = await modelFixture(device, "tiny_llama");
  using _weights = model.weights;
  const plain = await collect(device, { ...common, model });
  assertEquals(
    await collect(device, { ...common, model, answers: 2, selector: firstTwo() }),
    plain,
  );
  assert(plain.records.every((record) => !("group" in record)));
}, ["cpu"]);

deviceTest(
  "collect() refuses one answer, and a selector's places that are none",
  async (device) => {
    const model = await modelFixture(device, "tiny_llama");
    using _weights = model.weights;
    const refused = (changes: Partial<CollectOptions>, message: string) =>
      assertRejects(() => collect(device, { ...common, model, ...changes }), RangeError, message);
    const picks = (a: number, b: number) => ({
      name: "mine",
      select: (groups: readonly unknown[]) => Promise.resolve(groups.map(() => [{ a, b }])),
    });
    await refused({ answers: 1 }, "answers is 1, expected a whole number of at least 2");
    await refused({ selector: picks(0, 0) }, "selector mine: one is of the answers 0 and 0");
    await refused({ selector: picks(0, 2) }, "the answers 0 and 2, expected two of 0 to 1");
    const none = { name: "none", select: () => Promise.resolve([]) };
    await refused({ selector: none }, "they are of 0 groups, expected 3");
  },
  ["cpu"],
);
