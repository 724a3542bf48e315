// A train program for tests of what is built on it: in a moment it leaves the files of a run, with answers that are
// made up and verdicts that are not.
import { runConfig } from "../../cli/flags/run_config.ts";
import { mean, winRate } from "../../core/mod.ts";
import { sealResults } from "../../cli/folder/finished.ts";
import type { Train } from "../../cli/compare/runs.ts";
import { readIdentity, type RunIdentity, writeIdentity } from "../../cli/folder/run_folder.ts";
import type { Rate, Summary } from "../../cli/train/results/summary.ts";
import { loadWordList, meanQuality } from "../../stories/text_quality.ts";

/** Prompts that it evaluates on, and the texts that answers are compared with. */
export const FAKE_PAIRS: readonly { readonly prompt: string; readonly b: string }[] = [
  { prompt: "Tom saw a cat.", b: "The cat was sad and ran away." },
  { prompt: "Lily had a ball.", b: "She played with it. Then she went home." },
  { prompt: "Ben was cold.", b: "He was angry and hit the wall." },
];

const ANSWERS = [
  "He gave the cat some milk, and the cat was happy. They hugged.",
  "She shared it with her friend. They were happy and smiled.",
  "He was mad and cried. It was bad, bad, bad, bad, bad, bad.",
];

/** How the fake behaves. */
export interface FakeOptions {
  /** Model's fingerprint, kernel path: what a real run's identity has. */
  readonly identity?: Partial<RunIdentity>;
  /** Called before a run; what it throws ends the run, with its config.json left behind. */
  readonly before?: (name: string) => void;
}

/** The fake, and what it was asked for: `start NAME` and `resume NAME`. */
export function fakeTrain(
  { identity, before }: FakeOptions = {},
): { readonly train: Train; readonly asked: string[] } {
  const asked: string[] = [];
  const train: Train = async (command, { annotators }) => {
    const dir = command.kind === "resume" ? command.dir : command.out!;
    const name = dir.split("/").at(-1)!;
    asked.push(`${command.kind} ${name}`);
    const config = command.kind === "resume" ? (await readIdentity(dir)).config : command.settings;
    const { method, adapter, sampling } = runConfig(config);
    await Deno.mkdir(dir, { recursive: true });
    const own = { kernelPath: "cpu, relaxed FMA", model: "m1", prompts: "p1", ...identity };
    await writeIdentity(dir, { config, ...own }, {});
    before?.(name);
    const answers = ANSWERS.map((answer, i) => i < sampling.seed ? answer : FAKE_PAIRS[i].b);
    const pairs = FAKE_PAIRS.map(({ prompt, b }, i) => ({ prompt, a: answers[i], b }));
    const rule = await annotators!.evaluation.annotate(pairs);
    const judge = await annotators!.heldOut.annotate(pairs);
    const rate = (verdicts: typeof rule): { before: Rate; after: Rate; n: number } => ({
      before: { value: 0.5, low: 0.4, high: 0.6 },
      after: winRate(verdicts.map(({ outcome }) => outcome)),
      n: verdicts.length,
    });
    const quality = meanQuality(answers, await loadWordList());
    const phases = method.phases ?? method.steps;
    const summary = {
      device: "cpu",
      adapterInfo: { name: "a test", detail: "", software: true },
      phases,
      seconds: 10 * adapter.members,
      pairs: method.steps * method.pairs,
      kl: mean([sampling.seed, phases]),
      winRate: rate(rule),
      heldOutWinRate: rate(judge),
      text: {
        repetition: { before: 0.01, after: quality.repetition },
        misspelt: { before: 0.02, after: quality.misspelt },
        words: { before: 9, after: quality.words },
      },
    } as Summary;
    const lines = [FAKE_PAIRS.map(({ b }) => b), answers].map((sampled) => ({ sampled }));
    await Deno.writeTextFile(
      `${dir}/answers.jsonl`,
      lines.map((line) => JSON.stringify(line) + "\n").join(""),
    );
    await sealResults(dir, JSON.stringify(summary));
    await Deno.writeTextFile(`${dir}/summary.json`, JSON.stringify(summary));
    return summary;
  };
  return { train, asked };
}

/** A folder that `using` removes. */
export async function temporaryFolder(): Promise<Disposable & { readonly dir: string }> {
  const dir = await Deno.makeTempDir({ prefix: "leash-compare-" });
  return { dir, [Symbol.dispose]: () => Deno.removeSync(dir, { recursive: true }) };
}
