// `leash evaluate`: how often a policy's answer is preferred to another policy's or to a file's, with an interval.
import {
  askAnnotator,
  countFailures,
  describeFailures,
  fold,
  keyOf,
  requireVerdicts,
  type RowText,
  type Verdict,
  type WinRate,
  winRate,
} from "../../core/mod.ts";
import { answerPrompts } from "../../training/mod.ts";
import { BASE } from "../policy/adapter_spec.ts";
import { type PromptInTokens, promptsInTokens, samplingOf } from "../data/encoded_prompts.ts";
import type { BaseModel } from "../policy/base_model.ts";
import { UnusableRow } from "../../core/text/rows/report.ts";
import { promptOf } from "../data/rows.ts";
import { Dialogues, promptWords } from "../data/dialogues.ts";
import { counted } from "../terminal/counted.ts";
import { UsageError } from "../terminal/mistake.ts";
import { quote } from "../../core/base/quote.ts";
import { type FlagSections, given, text } from "../flags/kinds.ts";
import { ANNOTATOR_ROWS, openJudge } from "../judge/named_annotator.ts";
import { type NamedPolicy, type OpenedPolicies, openPolicies } from "../policy/opened_policies.ts";
import {
  DATA_ROW,
  DATASET_ROWS,
  DEVICE_ROWS,
  MODEL_ROWS,
  POLICY_ROW,
  SAMPLING_ROWS,
} from "../flags/shared.ts";
import type { CliCommand } from "./command.ts";
import { defineCommand, type ValuesOf } from "./define.ts";
import type { CommandOptions } from "../terminal/command_options.ts";
import { openOutLines, OUT_LINES_ROW } from "./out_lines.ts";
import { takeExamples } from "../data/usable_rows.ts";
import { printData } from "../terminal/terminal.ts";

const SECTIONS = {
  "Model": [...MODEL_ROWS, POLICY_ROW],
  "Comparison": [
    {
      name: "against",
      value: "base|DIR|FILE",
      type: text,
      default: BASE,
      help:
        "The other side: the bare model, an adapter on it, or a dataset with an answer to each prompt",
    },
    ...ANNOTATOR_ROWS,
    {
      ...DATA_ROW,
      required: true,
      help: "Dataset whose prompts are answered",
    },
    ...DATASET_ROWS,
  ],
  "Answers": SAMPLING_ROWS,
  "Result": [
    { name: "json", ...given, help: "Print the result as JSON" },
    {
      ...OUT_LINES_ROW,
      help: "Both answers to each prompt with the verdict, a line each",
    },
  ],
  "Machine": DEVICE_ROWS,
} as const satisfies FlagSections;

type Flags = ValuesOf<typeof SECTIONS>;

/** What is read before a device is opened. */
interface Prepared {
  readonly asked: readonly PromptInTokens[];
  /** The other side's answers, where they are a file's. */
  readonly answers?: readonly string[];
}

/** Evaluates. */
export const EVALUATE: CliCommand = defineCommand({
  name: "evaluate",
  summary: "Win rate of a policy against the base model, another adapter, or answers of a file",
  usage: "leash evaluate [--model PATH|ID] --adapter DIR --data FILE|DIR|ID [flags]",
  flags: SECTIONS,
  examples: [
    "leash evaluate --model org/name --adapter runs/kind --data prompts.jsonl --annotator rule:polite.ts",
    "leash evaluate --model org/name --adapter runs/kind --against runs/other --data prompts.jsonl --json",
  ],
  async run(flags, options) {
    const out = await openOutLines("evaluate", flags.out, options);
    using judge = await openJudge("evaluate", flags, options);
    const isFile = await isDataset(flags.against);
    const policy = flags.adapter ?? BASE;
    using opened = await openPolicies(
      { ...flags, adapter: isFile ? [policy] : [policy, flags.against] },
      options,
      (base) => prepare(flags, base, isFile, options),
    );
    const { asked, answers } = opened.prepared;
    const own = await answersOf(flags, opened, opened.policies[0], "answers", options);
    const other = answers ??
      await answersOf(flags, opened, opened.policies[1], "against", options);
    const pairs = asked.map(({ words }, i) => ({ prompt: words, a: own[i], b: other[i] }));
    const verdicts = await askAnnotator(judge, pairs, { signal: options.signal });
    const lines = asked.map(({ prompt, place }, i) => ({
      ...{ prompt, completion: own[i], against: other[i] },
      ...{ verdict: verdicts[i], annotator: judge.name, place },
    }));
    await out?.write(lines, "comparison");
    requireVerdicts("evaluate", verdicts);
    const rate = winRate(verdicts.map(({ outcome }) => outcome));
    const result = {
      ...{ model: opened.base.name, adapter: policy, against: flags.against },
      ...{ annotator: judge.name, prompts: asked.length, seed: flags.seed, winRate: rate },
      ...(rate.failed === 0 ? {} : { failures: countFailures(verdicts) }),
    };
    const { terminal } = options;
    if (flags.json) printData(JSON.stringify(result, null, 2), terminal);
    else terminal.line(evaluationLine(result, verdicts));
    return 0;
  },
});

/** One line for people. */
export function evaluationLine(
  { adapter, against, annotator, winRate: rate }: {
    readonly adapter: string;
    readonly against: string;
    readonly annotator: string;
    readonly winRate: WinRate;
  },
  verdicts: readonly Verdict[],
): string {
  const { value, low, high, n, ties, failed } = rate;
  const why = describeFailures(countFailures(verdicts));
  return `Win rate of ${adapter} against ${against} by ${annotator}: ${value.toFixed(3)} ` +
    `[${low.toFixed(3)}, ${high.toFixed(3)}] over ${counted(n, "prompt")}, ${
      counted(ties, "tie")
    }` + (failed === 0 ? "" : `, ${failed} without a verdict: ${why}`);
}

/** A file is answers; a folder or RUN#2 an adapter. */
async function isDataset(against: string): Promise<boolean> {
  try {
    return (await Deno.stat(against)).isFile;
  } catch {
    return false; // whoever opens it as an adapter says what is missing
  }
}

async function prepare(
  flags: Flags,
  base: BaseModel,
  isFile: boolean,
  options: CommandOptions,
): Promise<Prepared> {
  const asked = await promptsInTokens("evaluate", base, flags, options);
  return isFile ? { asked, answers: await answersIn(flags, base, asked, options) } : { asked };
}

async function answersOf(
  flags: Flags,
  { device, model, base, prepared }: OpenedPolicies & { readonly prepared: Prepared },
  policy: NamedPolicy,
  side: string,
  { terminal, signal }: CommandOptions,
): Promise<readonly string[]> {
  terminal.status(`${policy.name} answers ${counted(prepared.asked.length, "prompt")}`);
  const { texts } = await answerPrompts(device, {
    ...{ model, tokenizer: base.tokenizer, ...samplingOf(flags, base) },
    prompts: prepared.asked.map(({ ids, words }) => ({ ids, text: words })),
    key: fold(keyOf(flags.seed), side), // other draws than the other side's, else equal policies only tie
    adapter: policy.adapter(),
    signal,
  });
  terminal.status("");
  return texts;
}

/** A file's answers to these prompts: by prompt, or in order where it has texts alone. */
async function answersIn(
  flags: Flags,
  base: BaseModel,
  asked: readonly PromptInTokens[],
  options: CommandOptions,
): Promise<string[]> {
  const { columns: _columns, format: _format, limit: _limit, split: _split, ...rest } = flags;
  const dialogues = new Dialogues(flags, base);
  const { taken, skipped } = await takeExamples(
    { ...rest, data: flags.against },
    base.tokenizer,
    (example) => {
      if (example.kind === "prompt") {
        throw new UnusableRow("it has no answer, expected completion, label, chosen or text");
      }
      if (example.kind === "text") return { text: example.text };
      const answer = example.kind === "preference" ? example.chosen : example.completion;
      const words = promptWords(dialogues.turn(promptOf(example)).prompt);
      return { words, text: answerText(answer) };
    },
    options,
  );
  const byPrompt = new Map<string, string>();
  const texts: string[] = [];
  for (const { words, text } of taken) {
    if (words === undefined) texts.push(text);
    else if (!byPrompt.has(words)) byPrompt.set(words, text);
  }
  if (skipped.length > 0) options.terminal.error(`${flags.against}: ${skipped.join("; ")}`);
  if (byPrompt.size === 0 && texts.length === asked.length) return texts;
  if (byPrompt.size === 0) {
    throw new UsageError({
      verb: "evaluate",
      thing: `against ${flags.against}`,
      found: `it has ${texts.length} texts`,
      expected:
        `${asked.length}, one a prompt${(skipped.length > 0 ? ` (${skipped.join("; ")})` : "")}`,
    });
  }
  return asked.map(({ words, place }) => {
    const answer = byPrompt.get(words);
    if (answer !== undefined) return answer;
    throw new UsageError({
      verb: "evaluate",
      thing: `against ${flags.against}`,
      found: `it has no answer to ${quote(words)} (${place})`,
      expected: "one to each prompt",
    });
  });
}

function answerText(answer: RowText): string {
  return typeof answer === "string" ? answer : answer.map(({ content }) => content).join("\n\n");
}
