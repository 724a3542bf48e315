// What a run says of itself as it begins: to readers of config.json, and on the terminal.
import { cadenceOf, methodName } from "../flags/cadence.ts";
import { counted } from "../terminal/counted.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { LoadedPlan } from "./device/loaded_plan.ts";
import type { UnopenedFolder } from "./unopened_folder.ts";

/** What config.json says for readers. */
export function aboutRun(
  { config, device, workload }: Pick<LoadedPlan, "config" | "device" | "workload">,
): Record<string, unknown> {
  const cadence = cadenceOf(config.method);
  const { kind, name, detail, software } = device.info;
  return {
    method: methodName(config.method, cadence),
    phases: cadence.phases,
    refreshEvery: cadence.refreshEvery,
    device: { kind, name, detail, software },
    model: { name: workload.modelName, parameters: workload.parameters },
    prompts: {
      train: workload.prompts.train.length,
      evaluation: workload.prompts.evaluation.length,
    },
    ...(workload.pairs
      ? {
        pairs: { train: workload.pairs.train.length, evaluation: workload.pairs.evaluation.length },
      }
      : {}),
    deno: Deno.version.deno,
  };
}

/** The lines before the first phase: model, run, folder. */
export function announce(
  terminal: Pick<Terminal, "line">,
  { config, workload }: Pick<LoadedPlan, "config" | "workload">,
  { dir, point }: Pick<UnopenedFolder, "dir" | "point">,
): void {
  const cadence = cadenceOf(config.method);
  const { train, evaluation } = workload.pairs ?? workload.prompts;
  const what = workload.pairs ? "pair" : "prompt";
  const millions = (workload.parameters / 1e6).toFixed(2);
  terminal.line(`Model: ${workload.modelName}, ${millions} million parameters`);
  terminal.line(
    `Run: ${methodName(config.method, cadence)}, ${counted(config.method.steps, "step")} of ${
      counted(config.method.pairs, "pair")
    } in ` +
      `${counted(cadence.phases, "phase")}, ${
        counted(config.adapter.members, "member")
      }, seed ${config.sampling.seed}; ` +
      `${counted(train.length, what)} to train on, ${evaluation.length} to evaluate on`,
  );
  const where = point === undefined ? "" : `, going on after step ${point.checkpoint.step}`;
  terminal.line(`Folder: ${dir}${where}`);
}
