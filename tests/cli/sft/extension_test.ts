import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../../cli/terminal/mistake.ts";
import { extendedSftConfig } from "../../../cli/sft/extension.ts";
import type { SftConfig } from "../../../cli/sft/flags.ts";
import { sftRequest } from "../../../cli/sft/request.ts";

Deno.test("extendedSftConfig() takes more of either, and not both", async () => {
  const { config: { steps: _steps, ...begun } } = await sftRequest({ data: "rows.jsonl" });
  const stored: SftConfig = { ...begun, epochs: 2, seed: 1 };
  const { epochs: _epochs, ...rest } = stored;
  const of = (given: Partial<SftConfig>) => extendedSftConfig("run", stored, given);
  const changed = ["steps", "epochs"];
  assertEquals(of({ epochs: 3 }), { config: { ...rest, epochs: 3 }, changed });
  assertEquals(of({ steps: 9 }), { config: { ...rest, steps: 9 }, changed });
  assertEquals(of({ epochs: 2 }), { config: stored, changed: [] });
  assertThrows(() => of({ epochs: 1 }), UsageError, "--epochs is 1, expected more than the 2");
  assertThrows(() => of({ epochs: 3, steps: 9 }), UsageError, "both given");
  assertThrows(() => of({ seed: 2 }), UsageError, "--seed is 2");
});
