import { assertEquals } from "@std/assert";
import { memorySink } from "../../../training/mod.ts";
import { Sinks } from "../../../training/sinks/all.ts";

const numbers = Float32Array.of(1);
const state = {
  ...{ step: 1, updates: 1, records: [] },
  train: { params: numbers, m: numbers, v: numbers },
};

Deno.test("Sinks tells each sink in order, and copies a state only where one keeps it", async () => {
  let captured = 0;
  const capture = () => (captured++, Promise.resolve(state));
  const heard: string[] = [];
  const plain = { append: (stream: string) => void heard.push(stream) };
  await new Sinks([plain]).checkpoint(capture);
  assertEquals(captured, 0);
  const memory = memorySink();
  const both = new Sinks([plain, memory]);
  await both.append("metrics", { step: 1 });
  await both.checkpoint(capture);
  assertEquals([captured, heard, memory.rows.metrics, memory.state], [
    1,
    ["metrics"],
    [{ step: 1 }],
    state,
  ]);
});

Deno.test("Sinks finishes once", async () => {
  let ends = 0;
  const sinks = new Sinks([{ append: () => {}, finish: () => void ends++ }]);
  await sinks.finish({ steps: 1 });
  await sinks.finish({ steps: 1 });
  assertEquals(ends, 1);
});
