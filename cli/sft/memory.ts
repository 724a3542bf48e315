// How a step of `leash sft` fits into its device's memory: counted, split or refused before a folder is made.
import { Arena, CountingDevice, type Device } from "../../backend/mod.ts";
import {
  type AdapterLayout,
  fitSplit,
  initSftState,
  type Model,
  nll,
  type PackedSequences,
  packSequences,
  sftStep,
  type Split,
  type TokenSequence,
  trainStep,
  uploadTrainState,
} from "../../core/mod.ts";
import { counted } from "../terminal/counted.ts";
import { UsageError } from "../terminal/mistake.ts";
import type { SftConfig, SftIdentity } from "./flags.ts";
import { showBytes } from "../terminal/sizes.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** What is planned. */
export interface SftPlanParts {
  /** With the model on it. */
  readonly device: Device;
  /** The base. */
  readonly model: Model;
  /** Of the adapter; absent where all weights learn. */
  readonly layout?: AdapterLayout;
  /** The flags. */
  readonly config: SftConfig;
  /** What the folder says of a run that goes on: its split stays. */
  readonly stored?: SftIdentity;
  /** The rows. */
  readonly rows: readonly TokenSequence[];
  /** Where it is said how a step is split. */
  readonly terminal: Pick<Terminal, "line">;
}

/** So much of the memory is used: blocks of many sizes leave holes. */
const USED = 0.95;

/**
 * Splits a run's batches so that they fit, and says so. All weights learn from a whole batch: there is no split of it.
 *
 * @returns The flags with `microTokens` where a batch is split, and `gradientCheckpointing` where that is needed.
 * @throws {UsageError} If it cannot fit.
 */
export async function planSft(parts: SftPlanParts): Promise<SftConfig> {
  const { device, config, config: { batchTokens }, layout, stored, rows, terminal } = parts;
  const limit = device.room + device.stats().bytes;
  const longest = rows.reduce((a, { ids }) => Math.max(a, ids.length), 2);
  const all = rows.reduce((sum, { ids }) => sum + ids.length, 0);
  const whole = Math.max(longest, Math.min(batchTokens, all));
  const settled = stored !== undefined || layout === undefined;
  const fits = (bytes: number) => Number.isFinite(bytes) && bytes <= USED * limit;
  const split = await fitSplit({
    whole,
    least: longest,
    given: config.microTokens ?? (settled ? whole : undefined),
    gradientCheckpointing: config.gradientCheckpointing,
    measure: (size, isLean) => sftStepBytes(parts, { whole, size, isLean }),
    fits,
  });
  if (!fits(split.bytes)) throw tooLarge(split, limit, parts);
  const isLean = split.gradientCheckpointing && layout !== undefined;
  const turnedOn = isLean && !config.gradientCheckpointing;
  const microTokens = split.size < whole ? split.size : undefined;
  if (microTokens !== undefined || turnedOn) {
    const size = microTokens === undefined ? "" : ` in micro-batches of at most ${microTokens}`;
    const lean = isLean ? ", with gradient checkpointing" : "";
    const of = limit === Infinity ? "" : ` of ${showBytes(limit)}`;
    terminal.line(
      `Memory: ${counted(whole, "token")}${size}${lean}: ${showBytes(split.bytes)}${of}`,
    );
  }
  return {
    ...config,
    ...(microTokens === undefined ? {} : { microTokens }),
    ...(turnedOn ? { gradientCheckpointing: true } : {}),
  };
}

/** The most that lives during a step on the fullest batch there can be, counted on a device that runs nothing. */
export async function sftStepBytes(
  { device, model, layout, rows }: Pick<SftPlanParts, "device" | "model" | "layout" | "rows">,
  { whole, size, isLean }: { whole: number; size: number; isLean: boolean },
): Promise<number> {
  using counting = new CountingDevice(device.info);
  const { config } = model;
  const looked: Model = { config, weights: counting.look(model.weights.borrow()) };
  const options = { step: 0, learningRate: 0 };
  if (layout === undefined) {
    using state = initSftState(counting, looked);
    using arena = new Arena(counting, "sft step");
    const next = sftStep(arena, config, state, fullest(rows, whole), options);
    using _state = next.state;
    await arena.readAll(next.metrics);
  } else {
    const zeros = () => new Float32Array(layout.size);
    using state = uploadTrainState(counting, layout, 1, {
      params: zeros(),
      m: zeros(),
      v: zeros(),
    });
    using arena = new Arena(counting, "sft step");
    const packed = fullest(rows, whole, size);
    const run = { model: looked, layout, objective: nll(), gradientCheckpointing: isLean };
    const next = await trainStep(arena, run, state, packed, { ...options, microBatch: size });
    using _state = next.state;
    await arena.readAll(next.metrics);
  }
  const { kind, maxBindingBytes } = device.info;
  if (kind === "webgpu" && counting.largest > maxBindingBytes) return Infinity;
  return device.stats().bytes + counting.stats().bytesPeak;
}

/**
 * A batch of `whole` tokens in which every part of `size` is as full as can be: the longest rows first, and a last one
 * that fills up. All but a row's first token are learnt.
 */
function fullest(rows: readonly TokenSequence[], whole: number, size = whole): PackedSequences {
  const lengths = rows.map(({ ids }) => ids.length).sort((a, b) => b - a);
  const part: number[] = [];
  for (let left = size, i = 0; left >= 2;) {
    while (i < lengths.length && lengths[i] > left) i++;
    const length = i < lengths.length ? lengths[i++] : Math.min(left, lengths[0] ?? left);
    part.push(Math.max(2, length));
    left -= length;
  }
  const parts = Math.min(3, Math.ceil(whole / size)); // the third is as the second: a sum is there
  return packSequences(
    Array.from({ length: parts }, () => part).flat()
      .map((length) => ({ ids: new Uint32Array(length), promptLength: 1 })),
  );
}

/** The one line, with the flags that help. */
function tooLarge(
  split: Split,
  limit: number,
  { device, config, stored }: SftPlanParts,
): UsageError {
  const { size, bytes } = split;
  const lean = config.full ? "" : " with gradient checkpointing";
  const takes = bytes === Infinity
    ? `has a tensor that is larger than the device can bind, expected at most ${
      showBytes(device.info.maxBindingBytes)
    }`
    : `takes ${showBytes(bytes)}, expected at most ${showBytes(USED * limit)}`;
  const own = stored === undefined;
  const lower = config.full
    ? ["--batch-tokens", "--max-length"]
    : [...(config.microTokens === undefined ? [] : ["--micro-tokens"]), "--max-length", "--rank"];
  const advice = [
    ...(own ? [`lower ${lower.join(", ")}`] : []),
    ...(own && config.full ? ["train an adapter, without --full"] : []),
    ...(own && !config.full && (config.baseDtype ?? "f32") === "f32"
      ? ["give --base-dtype int8"]
      : []),
    config.memory === undefined && device.info.kind === "cpu"
      ? "take --device webgpu where there is a GPU"
      : "raise --memory",
  ].join(", or ");
  return new UsageError({
    verb: "sft",
    found: `a step of ${size} tokens${lean} ${takes}`,
    fix: `${advice[0].toUpperCase()}${advice.slice(1)}`,
  });
}
