// What stands after `--adapter`: a PEFT folder, a run folder (its result), a member of a run (`RUN#2`), or "base", the
// model as it is.
import { adapterLayout, type HostAdapter, type LinearShape } from "../../core/mod.ts";
import { latestCheckpoint, loadCheckpoint } from "../../files/mod.ts";
import { readAdapterFolder, type StoredAdapter } from "./adapter_files.ts";
import { UsageError } from "../terminal/mistake.ts";
import { quote } from "../../core/base/quote.ts";
import { FILES } from "../folder/run_folder.ts";
import { isThere } from "../../files/durable/disk.ts";
import { cannotRead } from "../../core/base/mistake.ts";
import { targetsOf } from "../flags/target_modules.ts";
import { member } from "../flags/values.ts";

/** The word for a model without an adapter. */
export const BASE = "base";

/** An adapter that a user named; `undefined` weights are the bare model. */
export interface NamedAdapter {
  /** As the user named it. */
  readonly name: string;
  /** Its weights on the host. */
  readonly adapter: HostAdapter | undefined;
}

/**
 * Reads one adapter for a model with these linear layers.
 *
 * @throws {UsageError} If there is none.
 * @throws {Mistake} If it is malformed or another model's.
 */
export async function readNamedAdapter(
  spec: string,
  layers: readonly LinearShape[],
): Promise<NamedAdapter> {
  if (spec === BASE) return { name: spec, adapter: undefined };
  const [, run, number] = /^(.+)#(\d{1,3})$/.exec(spec) ?? [];
  if (run === undefined || await isThere(spec)) {
    return { name: spec, adapter: await readAdapterFolder(await adapterFolder(spec), layers) };
  }
  const members = await readRunMembers(run, layers);
  const member = members[Number(number) - 1];
  if (member === undefined) {
    throw new UsageError({
      verb: "use",
      thing: `--adapter ${quote(spec)}`,
      found: `the run has ${members.length} members`,
      expected: `1 to ${members.length} after #`,
    });
  }
  return { name: spec, adapter: member };
}

/** The folder with adapter_config.json: the one that is named, or a run's result in it. */
export async function adapterFolder(path: string): Promise<string> {
  for (const folder of [path, `${path}/${FILES.adapter}`]) {
    const files = ["adapter_config.json", "adapter_model.safetensors", "adapter_model.bin"];
    if ((await Promise.all(files.map((file) => isThere(`${folder}/${file}`)))).some(Boolean)) {
      return folder;
    }
  }
  const found = !await isThere(path)
    ? "it is not there"
    : await isThere(`${path}/${FILES.checkpoints}`)
    ? "its run has not ended and has no adapter yet"
    : "adapter_config.json is missing";
  throw new UsageError({
    verb: "use",
    thing: `the adapter ${quote(path)}`,
    found,
    expected: "a PEFT folder, the folder of a finished run, RUN#1 for its first member, or " +
      `${BASE}`,
  });
}

/**
 * The members of a run, from its newest checkpoint.
 *
 * @throws {UsageError} If the folder has no checkpoint.
 * @throws {Mistake} If it is another model's.
 */
export async function readRunMembers(
  run: string,
  layers: readonly LinearShape[],
): Promise<HostAdapter[]> {
  const latest = await latestCheckpoint(`${run}/${FILES.checkpoints}`);
  if (latest === undefined) {
    throw new UsageError({
      verb: "read",
      thing: `the members of ${quote(run)}`,
      found: "it has no checkpoint",
      expected: "the folder of a run",
    });
  }
  const { arrays, meta } = await loadCheckpoint(latest.dir);
  const params = arrays.get("params");
  const config = member(member(meta, "identity"), "config");
  const wrong = (found: string, expected: string): never => {
    throw cannotRead(latest.dir, { found, expected });
  };
  if (!(params instanceof Float32Array) || !isMembers(config)) {
    return wrong("it has no adapters", "the checkpoint of a run");
  }
  const layout = await memberLayout(run, config, layers);
  const { members = 1 } = config;
  if (params.length !== members * layout.size) {
    return wrong(
      `params has ${params.length} numbers`,
      `${members} members of ${layout.size} for this model`,
    );
  }
  return Array.from({ length: members }, (_, k) => ({
    layout,
    params: params.slice(k * layout.size, (k + 1) * layout.size),
  }));
}

/** What a run says of its members. */
interface MemberSizes {
  /** Absent for a run of `leash sft`, which has one. */
  readonly members?: number;
  readonly rank: number;
  readonly alpha: number;
  readonly rslora?: boolean;
  readonly targetModules?: string;
  /** Folder that they started from, whose modules they have. */
  readonly adapter?: string;
}

function isMembers(config: unknown): config is MemberSizes {
  return [member(config, "rank"), member(config, "alpha")].every((n) => typeof n === "number");
}

/** A finished run's adapter says which modules there are; before that its flags do. */
async function memberLayout(
  run: string,
  config: MemberSizes,
  layers: readonly LinearShape[],
): Promise<HostAdapter["layout"]> {
  const folder = `${run}/${FILES.adapter}`;
  const { members = 1, rank, alpha, rslora: rsLora, targetModules, adapter } = config;
  if (!await isThere(`${folder}/adapter_config.json`)) {
    if (adapter === undefined) {
      return adapterLayout(layers, {
        rank,
        alpha,
        rsLora,
        targetModules: targetsOf(targetModules),
      });
    }
    return (await readAdapterFolder(await adapterFolder(adapter), layers)).layout;
  }
  const { layout }: StoredAdapter = await readAdapterFolder(folder, layers);
  const own = adapterLayout([...layout.modules.values()], {
    rank: layout.rank / members,
    alpha,
  });
  return { ...own, scale: layout.scale };
}
