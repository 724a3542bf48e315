import { assert, assertEquals, assertThrows } from "@std/assert";
import { METHODS, planOf, SIZES } from "../../../cli/compare/plan.ts";
import { UsageError } from "../../../cli/terminal/mistake.ts";
import { runConfig } from "../../../cli/flags/run_config.ts";
import { cadenceOf, methodName } from "../../../cli/flags/cadence.ts";

const plan = planOf({ seeds: 3, members: [1, 5], shared: {} });

Deno.test("planOf() has every method at every K with every seed, once, seed by seed", () => {
  assertEquals(plan.length, METHODS.length * 2 * 3);
  assertEquals(new Set(plan.map(({ name }) => name)).size, plan.length);
  assertEquals(plan.map(({ seed }) => seed), [1, 2, 3].flatMap((seed) => Array(8).fill(seed)));
  assertEquals(plan.slice(0, 8).map(({ name }) => name), [
    "offline-dpo-k1-seed1",
    "on-policy-dpo-k1-seed1",
    "bpo-f2-k1-seed1",
    "bpo-ft-k1-seed1",
    "offline-dpo-k5-seed1",
    "on-policy-dpo-k5-seed1",
    "bpo-f2-k5-seed1",
    "bpo-ft-k5-seed1",
  ]);
});

Deno.test("planOf() gives every cell the same budget and the same hyperparameters", () => {
  const own = ["reference", "phases", "members", "seed"];
  const shared = (config: object) => Object.entries(config).filter(([name]) => !own.includes(name));
  for (const { name, settings: config, members, seed, method } of plan) {
    assertEquals(shared(config), shared(plan[0].settings), name);
    assertEquals([config.members, config.seed, config.reference], [
      members,
      seed,
      method.reference,
    ]);
    assertEquals([config.steps, config.pairs, config.evalPrompts], [
      Number(SIZES.shared.steps),
      Number(SIZES.shared.pairs),
      Number(SIZES.shared["eval-prompts"]),
    ]);
    assertEquals(config.evalEvery, config.steps);
  }
});

Deno.test("planOf() makes the methods that the literature has", () => {
  assertEquals(
    plan.slice(0, 4).map(({ settings }) => {
      const { method } = runConfig(settings);
      return [methodName(method, cadenceOf(method)), method.phases];
    }),
    [["offline dpo", 1], ["on-policy dpo", 40], ["bpo (dpo)", 2], ["bpo (dpo)", 40]],
  );
  assertEquals(plan.slice(0, 4).map(({ settings }) => settings.reference), [
    "sft",
    "sft",
    "behaviour",
    "behaviour",
  ]);
});

Deno.test("planOf() hands shared flags on, and follows --steps", () => {
  const [, onPolicy] = planOf({ seeds: 1, members: [2], shared: { steps: "7", "max-new": "9" } });
  const { steps, phases, evalEvery, maxNew, members } = onPolicy.settings;
  assertEquals({ steps, phases, evalEvery, maxNew, members }, {
    steps: 7,
    phases: 7,
    evalEvery: 7,
    maxNew: 9,
    members: 2,
  });
});

Deno.test("planOf() throws on a bad shared flag and on steps at which methods coincide", () => {
  const refuses = (shared: Record<string, string>, message: string) => {
    const error = assertThrows(() => planOf({ seeds: 1, members: [1], shared }), UsageError);
    assert(error.message.startsWith(message), error.message);
  };
  refuses({ steps: "x" }, 'Cannot compare: --steps is "x", expected a whole number');
  refuses({ device: "gpu" }, 'Cannot compare: --device is "gpu", expected auto, cpu or webgpu');
  refuses({ steps: "2" }, "Cannot compare: --steps is 2, expected at least 3");
});
