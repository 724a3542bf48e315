import { assertEquals } from "@std/assert";
import { completeValues, readFlagValue } from "../../../cli/flags/parser.ts";
import { under } from "../../../cli/flags/kinds.ts";
import {
  ADAPTER_FLAG,
  CHAT_FLAGS,
  DEVICE_FLAGS,
  MODEL_FLAG,
  ROW_FLAGS,
  SAMPLING_FLAGS,
  type SamplingChoice,
  samplingOf,
} from "../../../cli/flags/shared.ts";

Deno.test("shared flags have defaults that they take themselves, and no name twice", () => {
  const all = [
    ...[MODEL_FLAG, ADAPTER_FLAG, ...DEVICE_FLAGS],
    ...under("All", [...ROW_FLAGS, ...CHAT_FLAGS, ...SAMPLING_FLAGS]),
  ];
  for (const flag of all) {
    if (flag.default === undefined) continue;
    assertEquals(readFlagValue("try", flag, String(flag.default)), flag.default, flag.name);
  }
  assertEquals(new Set(all.map(({ name }) => name)).size, all.length);
});

Deno.test("samplingOf() hands on what generate() takes", () => {
  const values = completeValues("try", under("All", SAMPLING_FLAGS), { topK: 5 });
  assertEquals(samplingOf(values as unknown as SamplingChoice), {
    ...{ temperature: 0.7, topK: 5, topP: 1, minP: 0 },
  });
});
