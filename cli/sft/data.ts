// What `leash sft` learns from: rows of any format as sequences of which the answer counts, in batches of bounded size.
import {
  type CompletionRow,
  type Example,
  fold,
  keyOf,
  permutation,
  type TextRow,
  type TokenSequence,
} from "../../core/mod.ts";
import type { BaseModel } from "../policy/base_model.ts";
import { UnusableRow } from "../../core/text/rows/report.ts";
import { type DataFlags, readRows } from "../data/rows.ts";
import { sha256 } from "../../core/base/sha256.ts";
import { UsageError } from "../terminal/mistake.ts";
import type { FetchOptions } from "../policy/hub_files.ts";

/** Sequences to train on and to measure on. */
export interface SftData {
  /** Trained on. */
  readonly train: readonly TokenSequence[];
  /** Held out; may be empty. */
  readonly evaluation: readonly TokenSequence[];
  /** What became of the rows. */
  readonly report: string;
}

/** Flags that say how rows become sequences. */
export type SftDataFlags = DataFlags & {
  /** Most tokens of a sequence. */
  readonly maxLength: number;
  /** Most tokens of a prompt; absent for what its answer leaves. */
  readonly maxPrompt?: number;
  /** Share of the rows that is held out. */
  readonly evalShare: number;
};

/**
 * Reads the rows: of a prompt with an answer the answer counts, of a dialogue the last turn of the assistant, of a
 * preference the chosen answer, of text every token.
 *
 * @throws {UsageError} If no row can be used, or rows have no answers.
 * @throws {Mistake} If the dataset cannot be read.
 */
export async function readSftData(
  flags: SftDataFlags,
  base: BaseModel,
  options?: FetchOptions,
): Promise<SftData> {
  const { maxLength, maxPrompt } = flags;
  if (maxPrompt !== undefined && maxPrompt >= maxLength) {
    throw new UsageError({
      verb: "sft",
      found: `--max-prompt is ${maxPrompt}`,
      expected: `fewer than the ${maxLength} of --max-length`,
    });
  }
  const rows = await readRows<CompletionRow | TextRow>(flags, base, {
    choose: answerOf,
    budget: { maxLength, maxPrompt },
    limits: { maxLength: `--max-length ${maxLength}`, maxPrompt: `--max-prompt ${maxPrompt}` },
  }, options);
  const sequences: TokenSequence[] = [];
  for await (const { encoded: { prompt, completion } } of rows) {
    sequences.push({ ids: [...prompt, ...completion], promptLength: prompt.length });
  }
  const report = rows.report();
  if (sequences.length === 0) {
    throw new UsageError({
      verb: "sft",
      found: `${flags.data} has no row that can be used (${report})`,
    });
  }
  return { ...holdOut(sequences, flags.evalShare), report };
}

/** The answer to learn; throws UnusableRow where there is none that somebody wants. */
function answerOf(example: Example): CompletionRow | TextRow {
  switch (example.kind) {
    case "text":
    case "completion":
      return example;
    case "unpaired": {
      const { label, ...row } = example;
      if (label) return { ...row, kind: "completion" };
      throw new UnusableRow("its label is false");
    }
    case "preference": {
      const { chosen, rejected: _rejected, plain, ids, ...row } = example;
      const text = plain && { prompt: plain.prompt, completion: plain.chosen };
      return {
        ...{ ...row, kind: "completion", completion: chosen },
        ...(text ? { plain: text } : {}),
        ...(ids ? { ids: { hash: ids.hash, prompt: ids.prompt, completion: ids.chosen } } : {}),
      };
    }
    case "prompt":
      throw new UnusableRow(
        "it has a prompt and no answer, expected completion, label, messages that end with the " +
          "assistant, or text. Map other names with --columns",
      );
  }
}

function holdOut<T>(all: readonly T[], share: number): { train: T[]; evaluation: T[] } {
  const most = Math.min(all.length - 1, Math.ceil(all.length * share));
  const order = permutation(fold(keyOf(0), "held-out rows"), all.length);
  const held = new Set(order.subarray(0, most));
  return {
    train: all.filter((_, i) => !held.has(i)),
    evaluation: all.filter((_, i) => held.has(i)),
  };
}

/** SHA-256 of what is trained on and measured on: every sequence's ids and which of them are its prompt. */
export async function rowsDigest({ train, evaluation }: SftData): Promise<string> {
  const all = [...train, ...evaluation];
  const words = new Int32Array(
    1 + 2 * all.length + all.reduce((sum, { ids }) => sum + ids.length, 0),
  );
  words[0] = train.length;
  let at = 1;
  for (const { ids, promptLength } of all) {
    words.set([ids.length, promptLength], at);
    words.set(ids, at + 2);
    at += 2 + ids.length;
  }
  return await sha256(new Uint8Array(words.buffer));
}
