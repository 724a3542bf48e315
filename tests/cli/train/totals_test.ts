import { assertEquals } from "@std/assert";
import { NOTHING_DONE, withDevice } from "../../../cli/train/totals.ts";

Deno.test("withDevice() adds what this process spent to what earlier ones did", () => {
  const earlier = {
    ...NOTHING_DONE,
    seconds: 10,
    dispatches: 5,
    submits: 3,
    readbacks: 2,
    bytesPeak: 64,
  };
  const now = { ...earlier, pairs: 7 };
  const stats = {
    live: 0,
    created: 0,
    dispatches: 4,
    submits: 2,
    readbacks: 1,
    pipelines: 0,
    bytes: 0,
    bytesPeak: 32,
    bytesPooled: 0,
    bytesHeldPeak: 32,
  };
  assertEquals(withDevice(earlier, now, stats, 1.5), {
    ...now,
    seconds: 11.5,
    dispatches: 9,
    submits: 5,
    readbacks: 3,
    bytesPeak: 64,
  });
});
