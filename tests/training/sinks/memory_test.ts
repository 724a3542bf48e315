import { assertEquals, assertStrictEquals } from "@std/assert";
import { memorySink } from "../../../training/sinks/memory.ts";
import { STREAMS } from "../../../training/sinks/sink.ts";

Deno.test("memorySink() keeps the rows of each stream in order, the newest state and the end", () => {
  const sink = memorySink();
  assertEquals([sink.state, sink.end], [undefined, undefined]);
  for (const stream of STREAMS) {
    sink.append(stream, { stream, step: 1 });
    sink.append(stream, { stream, step: 2 });
  }
  for (const stream of STREAMS) {
    assertEquals(sink.rows[stream], [{ stream, step: 1 }, { stream, step: 2 }]);
  }
  const numbers = () => new Float32Array(1);
  const train = { params: numbers(), m: numbers(), v: numbers() };
  const states = [1, 2].map((step) => ({ step, updates: step, train, records: [] }));
  for (const state of states) sink.checkpoint(state);
  sink.finish({ steps: 2, stopped: "enough" });
  assertStrictEquals(sink.state, states[1]);
  assertEquals(sink.end, { steps: 2, stopped: "enough" });
});
