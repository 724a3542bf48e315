import { assertEquals } from "@std/assert";
import { allValues } from "../../../cli/flags/values.ts";
import { readFlagValue } from "../../../cli/flags/parser.ts";
import { under } from "../../../cli/flags/kinds.ts";
import {
  ADAPTERS_ROW,
  CHAT_ROWS,
  DATA_ROWS,
  DEVICE_ROWS,
  MODEL_ROW,
  SAMPLING_ROWS,
  samplingOf,
} from "../../../cli/flags/shared.ts";

Deno.test("shared flags have defaults that they take themselves, and no name twice", () => {
  const all = under("All", [
    ...[MODEL_ROW, ADAPTERS_ROW, ...DEVICE_ROWS],
    ...[...DATA_ROWS, ...CHAT_ROWS, ...SAMPLING_ROWS],
  ]);
  for (const flag of all) {
    if (flag.default === undefined) continue;
    assertEquals(readFlagValue("try", flag, String(flag.default)), flag.default, flag.name);
  }
  assertEquals(new Set(all.map(({ name }) => name)).size, all.length);
});

Deno.test("samplingOf() hands on what generate() takes", () => {
  assertEquals(samplingOf(allValues("try", SAMPLING_ROWS, { topK: 5 })), {
    ...{ temperature: 0.7, topK: 5, topP: 1, minP: 0 },
  });
});
