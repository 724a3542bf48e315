// The files that stand in a run folder once the run is done: adapter, samples, figure, and last the summary.
import { readJsonl } from "../../../files/mod.ts";
import { promptText } from "../../../scheduler/mod.ts";
import { writeDeviceAdapter } from "../../policy/adapter_files.ts";
import { NO_ANNOTATOR } from "../../judge/annotators.ts";
import { exactStringify } from "../../../core/base/exact_json.ts";
import { sha256 } from "../../../core/base/sha256.ts";
import { sealResults } from "../../folder/finished.ts";
import { winRateFigure } from "./plot.ts";
import type { TrainingRun } from "../loop.ts";
import { type Sample, samplesMarkdown } from "./samples.ts";
import { summarise, type Summary } from "./summary.ts";
import type { Workload } from "../device/workload.ts";

const SAMPLES = 24;

/** A line of answers.jsonl. */
interface AnswersLine {
  readonly sampled: readonly string[];
  readonly greedy?: readonly string[];
}

/** Writes everything; the summary last, so that its presence means that the run is whole. */
export async function writeResults(
  run: TrainingRun,
): Promise<{ summary: Summary; samples: readonly Sample[] }> {
  const { config, parts: { loaded: { device, workload }, opened: { folder }, references } } = run;
  const adapterSha256 = await writeAdapter(run);
  const { totals } = run;
  const summary = summarise({
    config,
    info: device.info,
    totals,
    adapterSha256,
    model: workload.modelName,
    committedReferences: references.committed,
  });
  const samples = await readSamples(folder.path("answers"), workload, references.texts);
  const title = `${summary.method}, seed ${config.sampling.seed}`;
  const isRanked = config.method.annotator === NO_ANNOTATOR;
  await folder.write("samples", samplesMarkdown(title, samples));
  const figure = await winRateFigure(
    totals.evaluations.map(({ phase, step, numbers: { winRate: { value, low, high } } }) => ({
      phase,
      step,
      value,
      low,
      high,
    })),
    {
      title: `${isRanked ? "Held-out pairs ranked right" : "Win rate"} of ${title}`,
      baseline: 0.5,
    },
  );
  await folder.write("svg", figure.svg);
  await folder.write("png", figure.png);
  const text = exactStringify(summary, 2) + "\n";
  await folder.logs.sync();
  await sealResults(folder.dir, text);
  await folder.write("summary", text);
  return { summary, samples };
}

async function writeAdapter(run: TrainingRun): Promise<string> {
  const { config, parts: { loaded: { device, workload }, opened: { folder } } } = run;
  using policy = run.run.snapshotNow("result");
  const about = { baseModel: workload.modelPath, rsLora: config.adapter.rslora };
  const dir = folder.path("adapter");
  const bytes = await writeDeviceAdapter(device, workload.model, policy.adapter(), dir, about);
  return await sha256(bytes);
}

async function readSamples(
  path: string,
  workload: Workload,
  references: readonly string[],
): Promise<Sample[]> {
  const lines = await readJsonl(path) as AnswersLine[];
  const before = lines[0], after = lines[lines.length - 1];
  return workload.prompts.evaluation.slice(0, SAMPLES).map((prompt, i) => ({
    prompt: promptText(prompt),
    reference: references[i],
    before: before.sampled[i],
    after: after.sampled[i],
    greedyAfter: after.greedy?.[i] ?? "",
  }));
}
