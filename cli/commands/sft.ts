// `leash sft`: learns the answers of a dataset, by an adapter or in all weights.
import { type AdapterLayout, adapterLayout, linearLayers } from "../../core/mod.ts";
import { counted } from "../terminal/counted.ts";
import { type BaseModel, loadBase, openBase, withDate } from "../policy/base_model.ts";
import { baseFiles } from "../policy/export_model.ts";
import { Interrupted } from "../terminal/interrupt.ts";
import { targetsOf } from "../flags/target_modules.ts";
import { openCommandDevice } from "../policy/opened_policies.ts";
import { requireMore } from "../train/extension.ts";
import { lostFolder } from "../folder/lost_folder.ts";
import { basePrints } from "../policy/prints.ts";
import { FILES, requireNoRun } from "../folder/run_folder.ts";
import { kernelPath } from "../policy/device.ts";
import { readSftData, rowsDigest } from "../sft/data.ts";
import { DEFAULT_LENGTH, SFT_FLAGS, type SftConfig, type SftIdentity } from "../sft/flags.ts";
import { sftRequest } from "../sft/request.ts";
import { openSftFolder, resumeSftFolder } from "../sft/folder.ts";
import { planSft } from "../sft/memory.ts";
import { countSteps, SftTraining } from "../sft/run.ts";
import { requireWritable } from "../terminal/system_mistake.ts";
import type { CliCommand } from "./command.ts";
import type { CommandOptions } from "../terminal/command_options.ts";
import { Diverged } from "../../core/train/divergence.ts";
import { DeviceError } from "../../backend/device_error.ts";
import { saveLearnt } from "../sft/save.ts";

/** Fine-tunes. */
export const SFT: CliCommand = {
  name: "sft",
  summary: "Learns the answers of a dataset, by a LoRA adapter or in all weights",
  flags: SFT_FLAGS,
  usage: "leash sft [--model PATH|ID] --data FILE|DIR|ID [flags]",
  examples: [
    "leash sft --model org/name --data answers.jsonl --epochs 2",
    "leash sft --data stories.txt --full --steps 100 --out runs/stories",
    "leash sft --resume runs/stories",
  ],
  async run({ values }, options) {
    const { terminal, signal } = options;
    terminal.keepLog?.();
    const { config: asked, out, resume } = await sftRequest(values);
    if (resume === undefined) {
      await requireNoRun(out);
      await requireWritable("sft", `${out}/${FILES.config}`);
    }
    using resumed = resume && await resumeSftFolder(out, resume);
    if (resumed?.finished) {
      terminal.line(`${out} is done: its numbers are in ${FILES.summary}`);
      return 0;
    }
    for (const note of resumed?.notes ?? []) terminal.error(note);
    using base = await openBase(asked, options);
    const dated = withDate(asked, base);
    const files = dated.full ? await baseFiles(base.opened) : undefined;
    const layout = dated.full ? undefined : layoutOf(dated, base);
    const maxLength = Math.min(dated.maxLength ?? DEFAULT_LENGTH, base.positions);
    const data = await readSftData({ ...dated, maxLength }, base, options);
    terminal.line(`Data: ${data.report}`);
    using device = await openCommandDevice(dated, options, resume?.stored);
    const { model, digest } = await loadBase(device, base, dated, options);
    using _weights = model.weights;
    const stored = resume?.stored;
    const config = await planSft({
      ...{ device, model, layout, stored, rows: data.train, config: dated, terminal },
    });
    const now: SftIdentity = {
      config,
      kernelPath: kernelPath(device.info),
      model: digest,
      ...await basePrints(base),
      rows: await rowsDigest(data),
    };
    const identity = resumed?.settle(now) ?? now;
    const from = resumed?.from;
    if (from !== undefined && resume?.extended.length) {
      const flag = config.steps === undefined ? "epochs" : "steps";
      const steps = countSteps(data, config);
      const { steps: done } = from.meta.done;
      if (steps <= done) requireMore(out, `--${flag}, in steps,`, steps, done);
    }
    signal?.throwIfAborted();
    const rows = { train: data.train.length, evaluation: data.evaluation.length };
    using folder = await openSftFolder(out, identity, resumed, { model: base.name, rows });
    using training = new SftTraining({
      ...{ device, model, data, config, folder, from, terminal },
      tokenizer: base.tokenizer,
    });
    const { run: { trained } } = training;
    announce(options, base, {
      trained,
      rows: rows.train,
      isFull: config.full,
      folder: from === undefined ? out : `${out}, going on after step ${from.meta.done.steps}`,
    });
    try {
      await training.finish(signal);
      const about = { files, baseModel: base.peftName, rsLora: config.rslora };
      const name = await saveLearnt(device, model, training.run.learnt, out, about);
      const { result, spent: { seconds, bytesPeak } } = training;
      await folder.finish({
        method: config.full ? "sft, all weights" : "sft, LoRA",
        model: base.name,
        device: device.info.kind,
        seed: config.seed,
        trained,
        rows,
        ...result,
        seconds,
        tokensPerSecond: result.tokens / Math.max(seconds, 1e-9),
        bytesPeak,
      });
      const { first, last } = result.loss;
      terminal.line(
        `Done in ${seconds.toFixed(0)} s: loss ${first.toFixed(4)} to ${last.toFixed(4)} in ` +
          `${counted(result.steps, "step")}. The result is in ${out}/${name}`,
      );
      return 0;
    } catch (error) {
      if (error instanceof Diverged || error instanceof DeviceError) throw error; // it would end so again
      throw await lostFolder(error, out) ?? Interrupted.by(error, out, signal);
    }
  },
};

function layoutOf(config: SftConfig, { sizes }: BaseModel): AdapterLayout {
  return adapterLayout(linearLayers(sizes), {
    rank: config.rank,
    alpha: config.alpha,
    rsLora: config.rslora,
    targetModules: targetsOf(config.targetModules),
  });
}

function announce(
  { terminal }: CommandOptions,
  { name, parameters }: BaseModel,
  { trained, rows, isFull, folder }: {
    readonly trained: number;
    readonly rows: number;
    readonly isFull: boolean;
    readonly folder: string;
  },
): void {
  const millions = (n: number) => `${(n / 1e6).toFixed(2)} million`;
  const what = isFull ? "all of them train" : `frozen; ${millions(trained)} of an adapter train`;
  terminal.line(
    `Model: ${name}, ${millions(parameters)} parameters, ${what}; ${counted(rows, "row")} to learn`,
  );
  terminal.line(`Folder: ${folder}`);
}
