// The folder of a run: what it trained, how far it is, and its result.
import { latestCheckpoint, readJsonl } from "../../files/mod.ts";
import { FILES, FORMATS, readIdentity } from "../folder/run_folder.ts";
import { isThere } from "../../files/durable/disk.ts";
import type { SftIdentity } from "../sft/flags.ts";
import type { Report } from "./report.ts";

/** Reads what a run says of itself. */
export async function inspectRun(dir: string): Promise<Report> {
  const { config, kernelPath } = await readIdentity(dir, "inspect");
  const pairs = await isThere(`${dir}/${FILES.pairs}`)
    ? (await readJsonl(`${dir}/${FILES.pairs}`)).length
    : 0;
  const latest = await latestCheckpoint(`${dir}/${FILES.checkpoints}`);
  const { loss, reference, members, rank, alpha, steps, seed } = config;
  return {
    kind: "run folder",
    path: dir,
    model: config.model ?? "the stories model",
    settings: { loss, reference, members, rank, alpha, steps, seed, kernelPath },
    step: latest?.step ?? null,
    finished: await isThere(`${dir}/${FILES.summary}`),
    pairs,
    adapter: await isThere(`${dir}/${FILES.adapter}`) ? `${dir}/${FILES.adapter}` : null,
  };
}

/** Reads what a run of `leash sft` says of itself. */
export async function inspectSftRun(dir: string): Promise<Report> {
  const { config, kernelPath } = await readIdentity<SftIdentity>(dir, "inspect", FORMATS.sft);
  const latest = await latestCheckpoint(`${dir}/${FILES.checkpoints}`);
  const { full, rank, alpha, steps, epochs, lr, seed } = config;
  const size = full ? {} : { rank, alpha };
  const result = `${dir}/${full ? "model" : FILES.adapter}`;
  return {
    kind: "sft run folder",
    path: dir,
    model: config.model ?? "the stories model",
    settings: { full, ...size, steps, epochs, lr, seed, kernelPath },
    step: latest?.step ?? null,
    finished: await isThere(`${dir}/${FILES.summary}`),
    result: await isThere(result) ? result : null,
  };
}
