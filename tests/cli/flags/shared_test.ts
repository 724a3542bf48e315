import { assertEquals } from "@std/assert";
import { readFlagValue } from "../../../cli/flags/parser.ts";
import { under } from "../../../cli/flags/kinds.ts";
import {
  ADAPTERS_ROW,
  CHAT_ROWS,
  DATA_ROWS,
  DEVICE_ROWS,
  MODEL_ROW,
  SAMPLING_ROWS,
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
