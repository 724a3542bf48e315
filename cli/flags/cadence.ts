// When the snapshot is refreshed and the policy evaluated, and the name of the method that this makes.
import { type Cadence, cadence } from "../../scheduler/mod.ts";
import type { RunConfig } from "./run_config.ts";

/** When the snapshot is refreshed. */
export function cadenceOf(
  { steps, phases, refreshEvery, extendedAt }: Pick<
    RunConfig["method"],
    "steps" | "phases" | "refreshEvery" | "extendedAt"
  >,
): Cadence {
  if (refreshEvery === undefined) return cadence({ steps, phases });
  const breaks = extendedAt?.split(",").map(Number);
  return cadence({ steps, refreshEvery, ...(breaks ? { breaks } : {}) });
}

/** What the literature calls it: "bpo", "offline dpo", "on-policy dpo", "dpo, ema reference" …. */
export function methodName(
  { loss, reference }: Pick<RunConfig["method"], "loss" | "reference">,
  { phases, steps }: Cadence,
): string {
  if (phases === 1 && (reference === "behaviour" || reference === "sft")) return `offline ${loss}`;
  switch (reference) {
    case "behaviour":
      return `bpo (${loss})`;
    case "sft":
      return `${phases === steps ? "on-policy" : "iterative"} ${loss}`;
    case "ema":
      return `${loss}, ema reference`;
    default:
      return `${loss}, fixed reference`;
  }
}

/**
 * Steps after which the policy is evaluated: ends of phases, at least `every` steps apart, and the end.
 *
 * @returns Rising; the start (0) is not among them.
 */
export function evaluationSteps(cadence: Cadence, every: number): number[] {
  const steps: number[] = [];
  for (let phase = 0, last = 0; phase < cadence.phases; phase++) {
    const [, end] = cadence.span(phase);
    if (end !== cadence.steps && end - last < every) continue;
    steps.push(end);
    last = end;
  }
  return steps;
}
