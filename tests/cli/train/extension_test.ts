import { assertEquals, assertThrows } from "@std/assert";
import {
  extendedConfig,
  extendedSftConfig,
  requireMore,
  type SftLength,
} from "../../../cli/train/extension.ts";
import { parseFlags } from "../../../cli/flags/run_config.ts";
import { UsageError } from "../../../cli/terminal/mistake.ts";
import { cadenceOf } from "../../../cli/flags/method.ts";

const command = parseFlags(["--steps", "10", "--phases", "4"]);
if (command.kind !== "start") throw new Error("unreachable");
const { config } = command;

Deno.test("extendedConfig() keeps the phases that were, and begins a new one at the old end", () => {
  const once = extendedConfig("run", config, { steps: 16, threads: 2 });
  assertEquals(once.changed, ["steps", "phases", "refreshEvery", "extendedAt"]);
  assertEquals(once.config.threads, 2);
  const spans = ({ phases, span }: ReturnType<typeof cadenceOf>) =>
    Array.from({ length: phases }, (_, phase) => span(phase));
  const before = spans(cadenceOf(config));
  assertEquals(spans(cadenceOf(once.config)), [...before, [10, 13], [13, 16]]);
  const twice = extendedConfig("run", once.config, { steps: 17 });
  assertEquals(spans(cadenceOf(twice.config)), [...before, [10, 13], [13, 16], [16, 17]]);
  assertEquals(extendedConfig("run", once.config, { steps: 16 }), {
    config: once.config,
    changed: [],
  });
});

Deno.test("extendedConfig() refuses fewer steps, and other flags beside them", () => {
  const refuse = (given: Parameters<typeof extendedConfig>[2], message: string) =>
    assertThrows(() => extendedConfig("run", config, given), UsageError, message);
  refuse({ steps: 9 }, "--steps is 9, expected more than the 10 that the run has");
  refuse({ steps: 20, phases: 8 }, "--phases is 8, expected 4 as when the run began");
});

Deno.test("extendedSftConfig() takes more of either, and not both", () => {
  type Config = SftLength & { readonly model?: string; readonly seed: number };
  const stored: Config = { epochs: 2, seed: 1 };
  const of = (given: Partial<Config>) => extendedSftConfig<Config>("run", stored, given);
  const changed = ["steps", "epochs"];
  assertEquals(of({ epochs: 3 }), { config: { epochs: 3, seed: 1 }, changed });
  assertEquals(of({ steps: 9 }), { config: { steps: 9, seed: 1 }, changed });
  assertEquals(of({ epochs: 2 }), { config: stored, changed: [] });
  assertThrows(() => of({ epochs: 1 }), UsageError, "--epochs is 1, expected more than the 2");
  assertThrows(() => of({ epochs: 3, steps: 9 }), UsageError, "both given");
  assertThrows(() => of({ seed: 2 }), UsageError, "--seed is 2");
});

Deno.test("requireMore() refuses the length that is there already", () => {
  requireMore("run", "--steps", 11, 10);
  for (const steps of [9, 10]) {
    assertThrows(
      () => requireMore("run", "--steps", steps, 10),
      UsageError,
      `Cannot resume run: --steps is ${steps}, expected more than the 10`,
    );
  }
});
