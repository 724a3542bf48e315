import { assert, assertEquals, assertRejects } from "@std/assert";
import { ruleAnnotator } from "../../../core/mod.ts";
import { meanOfKnown, readEvidence, recordingReferences } from "../../../cli/compare/evidence.ts";
import { temporaryFolder } from "../../support/fake_train.ts";

const longer = ruleAnnotator("longer", (_prompt, answer) => answer.length);
const pairs = [
  { prompt: "p", a: "long answer.", b: "text" },
  { prompt: "q", a: "no", b: "other text" },
  { prompt: "r", a: "same", b: "four" },
];

Deno.test("recordingReferences() judges as the annotator does and keeps the texts", async () => {
  using temporary = await temporaryFolder();
  const path = `${temporary.dir}/references.json`;
  const recording = recordingReferences(longer, path);
  assertEquals(recording.name, "longer");
  assertEquals(await recording.annotate(pairs), await longer.annotate(pairs));
  assertEquals(JSON.parse(await Deno.readTextFile(path)), [
    { prompt: "p", text: "text" },
    { prompt: "q", text: "other text" },
    { prompt: "r", text: "four" },
  ]);
  await recordingReferences(longer, path).annotate(pairs); // the same texts in another run
});

Deno.test("recordingReferences() throws in a run that is measured with other texts", async () => {
  using temporary = await temporaryFolder();
  const path = `${temporary.dir}/references.json`;
  await recordingReferences(longer, path).annotate(pairs);
  const other = [...pairs.slice(0, 2), { ...pairs[2], b: "five" }];
  const error = await assertRejects(() => recordingReferences(longer, path).annotate(other), Error);
  assert(error.message.startsWith("Cannot compare: the texts that answers are measured with"));
});

Deno.test("readEvidence() has what the last answers are worth, prompt by prompt", async () => {
  using run = await finishedRun({});
  const evidence = await run.read();
  assertEquals(evidence.wins, [1, 0, 0.5]);
  assertEquals(evidence.heldOut, [0, 1, 0.5]);
  assertEquals(evidence.misspelt, [0.5, 0, 0]); // of "long answer." only one word is known
  assertEquals(evidence.repetition, [0, 0, 0]);
  assertEquals(evidence.summary.kl, 3);
});

Deno.test("readEvidence() counts a failed verdict as nothing", async () => {
  using run = await finishedRun({ winRate: 0.5 });
  const unsure = {
    name: "unsure",
    annotate: async (candidates: readonly (typeof pairs)[number][]) =>
      (await longer.annotate(candidates)).map((verdict, i) =>
        i === 2 ? { outcome: "failed" as const, reason: "no" } : verdict
      ),
  };
  assertEquals((await run.read(unsure)).wins, [1, 0, NaN]);
});

for (
  const [what, changed] of [
    ["the win rate", { winRate: 0.7 }],
    ["the held-out win rate", { heldOut: 0.7 }],
    ["the share of misspelt words", { misspelt: 0.7 }],
    ["the repetition", { repetition: 0.7 }],
    ["the number of answers", { answers: ["a", "b"] }],
  ] as const
) {
  Deno.test(`readEvidence() throws where ${what} is not the summary's`, async () => {
    using run = await finishedRun(changed);
    const error = await assertRejects(run.read, Error);
    assert(error.message.startsWith(`Cannot compare: ${what} of `), error.message);
  });
}

Deno.test("meanOfKnown() leaves NaN out", () => {
  assertEquals(meanOfKnown([1, NaN, 0, 0.5, NaN]), 0.5);
  assertEquals(meanOfKnown([NaN]), NaN);
});

interface Finished {
  readonly winRate?: number;
  readonly heldOut?: number;
  readonly misspelt?: number;
  readonly repetition?: number;
  readonly answers?: readonly string[];
}

async function finishedRun(
  { winRate = 0.5, heldOut = 0.5, misspelt = 1 / 6, repetition = 0, answers }: Finished,
) {
  const temporary = await temporaryFolder();
  const { dir } = temporary;
  const write = (name: string, value: unknown) =>
    Deno.writeTextFile(`${dir}/${name}`, JSON.stringify(value) + "\n");
  await write("references.json", pairs.map(({ prompt, b }) => ({ prompt, text: b })));
  await Deno.writeTextFile(
    `${dir}/answers.jsonl`,
    [["x", "y", "z"], answers ?? pairs.map(({ a }) => a)]
      .map((sampled) => JSON.stringify({ sampled }) + "\n").join(""),
  );
  await write("summary.json", {
    kl: 3,
    winRate: { after: { value: winRate } },
    heldOutWinRate: { after: { value: heldOut } },
    text: { misspelt: { after: misspelt }, repetition: { after: repetition } },
  });
  const shorter = ruleAnnotator("shorter", (_prompt, answer) => -answer.length);
  const known = new Set(["long", "no", "same"]);
  const read = (evaluation = longer as typeof longer) =>
    readEvidence(dir, `${dir}/references.json`, { evaluation, heldOut: shorter, known });
  return { read, [Symbol.dispose]: () => temporary[Symbol.dispose]() };
}
