// `leash sft`: learns the answers of a dataset, by an adapter or in all weights.
import { type AdapterLayout, adapterLayout, fold, keyOf, linearLayers } from "../../core/mod.ts";
import { lockFolder, openJsonl, writeFileDurably } from "../../core/io/mod.ts";
import {
  type BaseFlags,
  type BaseModel,
  EMBEDDED_MODEL,
  loadBase,
  openBase,
} from "../base_model.ts";
import type { DataFlags } from "../data.ts";
import { choice, type Flag, given, number, text, under, whole } from "../flag_kinds.ts";
import { UsageError } from "../flag_parser.ts";
import { targetsOf } from "../method.ts";
import { type DeviceChoice, openCommandDevice } from "../open.ts";
import { FILES, requireNoRun } from "../run_folder.ts";
import { readSftData } from "../sft_data.ts";
import { adapterLearner, fullLearner } from "../sft_learner.ts";
import { runSft, type SftPlan } from "../sft_run.ts";
import { CHAT_FLAGS, DATA_VALUE, DEVICE_FLAGS, MODEL_FLAG, ROW_FLAGS } from "../shared_flags.ts";
import { LORA_FLAGS } from "../train_flags.ts";
import { type CliCommand, type CommandOptions, complete } from "./command.ts";

const DEFAULT_LENGTH = 1024;
const RATE = { adapter: 2e-4, full: 2e-5 };

const FLAGS: readonly Flag[] = [
  MODEL_FLAG,
  ...under("Data", [
    {
      name: "data",
      value: DATA_VALUE,
      type: text,
      required: true,
      help: "Dataset with prompt and completion, messages, chosen answers, or text",
    },
    ...ROW_FLAGS,
    ...CHAT_FLAGS,
    {
      name: "max-length",
      value: "N",
      type: whole(2, 1e6),
      shownDefault: `the context, at most ${DEFAULT_LENGTH}`,
      help: "Most tokens of a row; a longer one loses its end",
    },
    {
      name: "max-prompt",
      value: "N",
      type: whole(1, 1e6),
      shownDefault: "half of --max-length",
      help: "Most tokens of a prompt; a longer one loses its start",
    },
    {
      name: "eval-share",
      value: "S",
      type: number(0, 0.5),
      default: 0.05,
      help: "Share of the rows that is held out to measure on",
    },
  ]),
  ...under("Training", [
    {
      name: "steps",
      value: "T",
      type: whole(1, 1e7),
      shownDefault: "by --epochs",
      help: "Updates",
    },
    {
      name: "epochs",
      value: "N",
      type: whole(1, 1000),
      shownDefault: "1",
      help: "Times through the data, instead of --steps",
    },
    {
      name: "batch-tokens",
      value: "N",
      type: whole(1, 1e6),
      default: 2048,
      help: "Tokens of a batch: whole rows, packed without padding",
    },
    {
      name: "lr",
      value: "LR",
      type: number(1e-9, 10),
      shownDefault: `${RATE.adapter}, with --full ${RATE.full}`,
      help: "Learning rate of AdamW",
    },
    {
      name: "schedule",
      ...choice("linear", "cosine", "constant"),
      default: "linear",
      help: "How the learning rate decays",
    },
    {
      name: "seed",
      value: "S",
      type: whole(0, Number.MAX_SAFE_INTEGER),
      default: 1,
      help: "Everything random follows from it",
    },
  ]),
  ...under("What learns", [
    { name: "full", ...given, help: "All weights in f32 instead of an adapter" },
    { name: "rank", value: "R", type: whole(1, 256), default: 8, help: "Rank of the adapter" },
    {
      name: "alpha",
      value: "A",
      type: number(1e-3, 1e4),
      default: 16,
      help: "The update is scaled by alpha / rank",
    },
    ...LORA_FLAGS,
  ]),
  {
    group: "Result",
    name: "out",
    value: "DIR",
    type: text,
    shownDefault: "runs/TIME-sft-SEED",
    help: "Folder to make, with adapter/ or model/, metrics.jsonl and summary.json",
  },
  ...DEVICE_FLAGS,
];

interface Flags extends DeviceChoice, BaseFlags, DataFlags, Omit<SftPlan, "lr"> {
  readonly maxLength?: number;
  readonly maxPrompt?: number;
  readonly evalShare: number;
  readonly lr?: number;
  readonly seed: number;
  readonly full: boolean;
  readonly rank: number;
  readonly alpha: number;
  readonly targetModules?: string;
  readonly rslora: boolean;
  readonly out?: string;
}

/** Fine-tunes. */
export const SFT: CliCommand = {
  name: "sft",
  summary: "Learns the answers of a dataset, by a LoRA adapter or in all weights",
  flags: FLAGS,
  usage: "leash sft [--model PATH|ID] --data FILE|DIR|ID [flags]",
  examples: [
    "leash sft --model org/name --data answers.jsonl --epochs 2",
    "leash sft --data stories.txt --full --steps 100 --out runs/stories",
  ],
  async run(parsed, options) {
    const flags = complete<Flags>(SFT, parsed);
    checkFlags(flags, parsed.values);
    const out = flags.out ?? defaultOut(flags.seed);
    await requireNoRun(out);
    using base = await openBase(flags, options);
    const from = flags.full ? folderOf(base) : undefined;
    const layout = flags.full ? undefined : layoutOf(flags, base);
    const maxLength = Math.min(flags.maxLength ?? DEFAULT_LENGTH, base.positions);
    const data = await readSftData({ ...flags, maxLength }, base, options);
    options.terminal.line(`Data: ${data.report}`);
    using device = await openCommandDevice(flags, options);
    const { model, digest } = await loadBase(device, base, flags, options);
    using _weights = model.weights;
    const key = keyOf(flags.seed);
    using learner = layout === undefined
      ? fullLearner(device, model, { from: from! })
      : adapterLearner(device, model, layout, fold(key, "adapter"), {
        baseModel: base.peftName,
        rsLora: flags.rslora,
      });
    const plan = { ...flags, lr: flags.lr ?? (flags.full ? RATE.full : RATE.adapter) };
    options.signal?.throwIfAborted();
    const lock = await lockFolder(out);
    try {
      await requireNoRun(out);
      await writeJson(`${out}/${FILES.config}`, {
        format: "leash-sft-1",
        flags: plan,
        model: digest,
      });
      using metrics = await openMetrics(out);
      announce(options, base, {
        trained: learner.trained,
        rows: data.train.length,
        isFull: flags.full,
        out,
      });
      const began = performance.now();
      const result = await runSft(learner, data, plan, key, {
        metrics: metrics.log,
        ...options,
      });
      await metrics.log.sync();
      const name = await learner.save(out);
      const seconds = (performance.now() - began) / 1000;
      await writeJson(`${out}/${FILES.summary}`, {
        method: flags.full ? "sft, all weights" : "sft, LoRA",
        model: base.name,
        device: device.info.kind,
        seed: flags.seed,
        trained: learner.trained,
        rows: { train: data.train.length, evaluation: data.evaluation.length },
        ...result,
        seconds,
        tokensPerSecond: result.tokens / Math.max(seconds, 1e-9),
        bytesPeak: device.stats().bytesPeak,
      });
      options.terminal.line(
        `Done in ${seconds.toFixed(0)} s: loss ${result.loss.first.toFixed(4)} to ` +
          `${
            result.loss.last.toFixed(4)
          } in ${result.steps} steps. The result is in ${out}/${name}`,
      );
      return 0;
    } finally {
      lock.release();
    }
  },
};

function checkFlags(flags: Flags, given: Readonly<Record<string, unknown>>): void {
  const refuse = (found: string, expected: string) => {
    throw new UsageError(`Cannot sft: ${found}, expected ${expected}`);
  };
  if (flags.steps !== undefined && flags.epochs !== undefined) {
    refuse("--steps and --epochs are both given", "one of them");
  }
  if (!flags.full) return;
  if (flags.baseDtype !== "f32") {
    refuse(`--base-dtype is ${flags.baseDtype} and --full is given`, "f32, which all weights need");
  }
  const adapter = ["rank", "alpha", "targetModules", "rslora"].find((name) => given[name]);
  if (adapter !== undefined) {
    refuse(`--full and a flag of the adapter (${adapter}) are both given`, "one of them");
  }
}

function layoutOf(flags: Flags, { sizes }: BaseModel): AdapterLayout {
  return adapterLayout(linearLayers(sizes), {
    rank: flags.rank,
    alpha: flags.alpha,
    rsLora: flags.rslora,
    targetModules: targetsOf(flags.targetModules),
  });
}

/** The folder that config and tokenizer of a trained model are copied from. */
function folderOf({ opened, name }: BaseModel): string {
  if (opened === undefined && EMBEDDED_MODEL.protocol === "file:") {
    return decodeURIComponent(EMBEDDED_MODEL.pathname).replace(/\/$/, "");
  }
  if (opened !== undefined && !opened.gguf) return opened.path;
  throw new UsageError(
    `Cannot train all weights of ${name}: it is no folder of files, expected config.json and ` +
      "tokenizer.json to copy. Train an adapter, or take the model's Hugging Face folder",
  );
}

function announce(
  { terminal }: CommandOptions,
  { name, parameters }: BaseModel,
  { trained, rows, isFull, out }: {
    readonly trained: number;
    readonly rows: number;
    readonly isFull: boolean;
    readonly out: string;
  },
): void {
  const millions = (n: number) => `${(n / 1e6).toFixed(2)} million`;
  const what = isFull ? "all of them train" : `frozen; ${millions(trained)} of an adapter train`;
  terminal.line(
    `Model: ${name}, ${millions(parameters)} parameters, ${what}; ${rows} rows to learn`,
  );
  terminal.line(`Folder: ${out}`);
}

function defaultOut(seed: number): string {
  return `runs/${new Date().toISOString().slice(0, 19).replaceAll(":", "-")}-sft-${seed}`;
}

async function openMetrics(out: string) {
  const log = await openJsonl(`${out}/${FILES.metrics}`);
  return { log, [Symbol.dispose]: () => log.close() };
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFileDurably(path, new TextEncoder().encode(JSON.stringify(value, null, 2) + "\n"));
}
