// What a finished run of a comparison shows, prompt by prompt: its last sampled answers, judged again against the texts
// that it was measured with. A run folder holds the answers; the texts are the same for all runs and stand beside them.
import { type Annotator, askAnnotator, mean, type Verdict } from "../../core/mod.ts";
import { readJsonl, writeFileDurably } from "../../files/mod.ts";
import { textQuality } from "../../stories/text_quality.ts";
import type { StoriesAnnotators } from "../judge/annotators.ts";
import { FILES } from "../folder/run_folder.ts";
import { isThere } from "../../files/durable/disk.ts";
import type { StoriesSummary } from "../train/results/summary.ts";
import { Mistake } from "../../core/base/mistake.ts";

/** A run's numbers, one a prompt; NaN where the annotator failed. */
export interface Evidence {
  /** 1 for a win by the training annotator, ½ for a tie. */
  readonly wins: readonly number[];
  /** The same by the held-out judge. */
  readonly heldOut: readonly number[];
  /** Share of misspelt words, where the word list is the model's. */
  readonly misspelt?: readonly number[];
  /** Share of three-word sequences that stood before. */
  readonly repetition: readonly number[];
  /** Everything that is one number a run. */
  readonly summary: StoriesSummary;
}

/** A prompt and the text that answers to it are compared with. */
interface ReferenceText {
  readonly prompt: string;
  readonly text: string;
}

/** Who judges again. */
export interface Judges extends Pick<StoriesAnnotators, "evaluation" | "heldOut"> {
  /** Words that are spelt right. */
  readonly known: ReadonlySet<string>;
}

/**
 * The annotator of a run's evaluations, writing down what it compares with.
 *
 * @param path File of the texts; made at the first question, compared at the first of every later run.
 * @returns An annotator for one run; it throws where the texts are not those of the runs before.
 */
export function recordingReferences(inner: Annotator, path: string): Annotator {
  let done = false;
  return {
    name: inner.name,
    async annotate(pairs, options) {
      if (!done) {
        const texts = pairs.map(({ prompt, b }): ReferenceText => ({ prompt, text: b }));
        const bytes = new TextEncoder().encode(JSON.stringify(texts, null, 2) + "\n");
        if (!await isThere(path)) await writeFileDurably(path, bytes);
        else if (await Deno.readTextFile(path) !== new TextDecoder().decode(bytes)) {
          throw new Mistake("usage", {
            verb: "compare",
            found: `the texts that answers are measured with are not those of ${path}`,
            expected: "the same in every run",
            fix: "Choose another --out",
          });
        }
        done = true;
      }
      return await inner.annotate(pairs, options);
    },
  };
}

/**
 * Reads a finished run and judges its answers again.
 *
 * @param dir The run's folder.
 * @param references File of the texts that all runs are measured with.
 * @throws {Error} If the answers are not what summary.json was made of: other rules now, or other texts.
 */
export async function readEvidence(
  dir: string,
  references: string,
  judges: Judges,
): Promise<Evidence> {
  const summary: StoriesSummary = JSON.parse(await Deno.readTextFile(`${dir}/${FILES.summary}`));
  const texts: ReferenceText[] = JSON.parse(await Deno.readTextFile(references));
  const lines = await readJsonl(`${dir}/${FILES.answers}`) as { sampled: string[] }[];
  const answers = lines[lines.length - 1].sampled;
  const agree = (what: string, found: number, expected: number) => {
    if (Math.abs(found - expected) < 1e-9) return;
    throw new Mistake("usage", {
      verb: "compare",
      found: `${what} of ${dir} is ${found}`,
      expected: `${expected} as its ${FILES.summary} says`,
      fix: "The rules have changed since: remove the folder and compare again",
    });
  };
  agree("the number of answers", answers.length, texts.length);
  const pairs = texts.map(({ prompt, text }, i) => ({ prompt, a: answers[i], b: text }));
  const wins = (await askAnnotator(judges.evaluation, pairs)).map(worth);
  const heldOut = (await askAnnotator(judges.heldOut, pairs)).map(worth);
  const quality = answers.map((answer) => textQuality(answer, judges.known));
  const repetition = quality.map((q) => q.repetition);
  const misspelt = summary.text.misspelt && quality.map((q) => q.misspelt);
  agree("the win rate", meanOfKnown(wins), summary.winRate.after.value);
  agree("the held-out win rate", meanOfKnown(heldOut), summary.heldOutWinRate.after.value);
  if (misspelt) {
    agree("the share of misspelt words", mean(misspelt), summary.text.misspelt!.after);
  }
  agree("the repetition", mean(repetition), summary.text.repetition.after);
  return { wins, heldOut, ...(misspelt ? { misspelt } : {}), repetition, summary };
}

function worth({ outcome }: Verdict): number {
  return outcome === "a" ? 1 : outcome === "b" ? 0 : outcome === "tie" ? 0.5 : NaN;
}

/** Mean of the numbers that are none of NaN; NaN where there is none. */
export function meanOfKnown(values: ArrayLike<number>): number {
  let sum = 0, n = 0;
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i])) continue;
    sum += values[i];
    n++;
  }
  return sum / n;
}
