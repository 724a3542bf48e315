import { assertEquals, assertThrows } from "@std/assert";
import { extendedConfig, requireMore } from "../../../cli/train/extension.ts";
import { runConfig, type RunSettings } from "../../../cli/flags/run_config.ts";
import { storiesSettings } from "../../support/run_settings.ts";
import { UsageError } from "../../../cli/terminal/mistake.ts";
import { cadenceOf } from "../../../cli/flags/cadence.ts";

const config = storiesSettings("--steps 10 --phases 4");
const cadenceIn = (settings: RunSettings) => cadenceOf(runConfig(settings).method);

Deno.test("extendedConfig() keeps the phases that were, and begins a new one at the old end", () => {
  const once = extendedConfig("run", config, { steps: 16, threads: 2 });
  assertEquals(once.changed, ["steps", "phases", "refreshEvery", "extendedAt"]);
  assertEquals(once.config.threads, 2);
  const spans = ({ phases, span }: ReturnType<typeof cadenceOf>) =>
    Array.from({ length: phases }, (_, phase) => span(phase));
  const before = spans(cadenceIn(config));
  assertEquals(spans(cadenceIn(once.config)), [...before, [10, 13], [13, 16]]);
  const twice = extendedConfig("run", once.config, { steps: 17 });
  assertEquals(spans(cadenceIn(twice.config)), [...before, [10, 13], [13, 16], [16, 17]]);
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
