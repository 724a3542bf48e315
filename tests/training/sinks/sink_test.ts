import { assertEquals } from "@std/assert";
import { FILES } from "../../../cli/folder/run_folder.ts";
import { logPath } from "../../../files/run_logs.ts";
import { STREAMS } from "../../../training/sinks/sink.ts";

Deno.test("STREAMS are the logs of a run's folder", () => {
  for (const stream of STREAMS) {
    assertEquals(FILES[stream], `${stream}.jsonl`);
    assertEquals(logPath("run", stream), `run/${stream}.jsonl`);
  }
});
