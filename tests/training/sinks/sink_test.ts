import { assertEquals } from "@std/assert";
import { FILES, LOGS } from "../../../cli/folder/run_folder.ts";
import { STREAMS } from "../../../training/sinks/sink.ts";

Deno.test("STREAMS are the logs of a run's folder", () => {
  assertEquals(STREAMS, LOGS);
  for (const stream of STREAMS) assertEquals(FILES[stream], `${stream}.jsonl`);
});
