import { assert } from "@std/assert";
import { Arena } from "../../../../backend/arena.ts";
import { attention } from "../../../../backend/kernels/attention/attention.ts";
import { forwardTwin } from "../../../../backend/kernels/attention/forward_twin.ts";
import { packed } from "../attention_cases.ts";
import { assertIndependentTasks } from "../reversed_tasks.ts";

Deno.test("forwardTwin() has tasks that do not depend on each other, and names of its own alone", async () => {
  const sizes = { lengths: [5, 300, 33], heads: 4, kvHeads: 2, headDim: 20, window: 270 };
  const data = packed(sizes), { rows, maxLength } = data;
  await assertIndependentTasks(async (device) => {
    using arena = new Arena(device, "test");
    const vectors = (x: Float32Array, heads: number, name: string) =>
      arena.upload([rows, heads * sizes.headDim], x, name);
    return await arena.readAll(attention(arena, {
      q: vectors(data.q, 4, "q"),
      k: vectors(data.k, 2, "k"),
      v: vectors(data.v, 2, "v"),
      starts: arena.upload([3], data.starts, "starts"),
      lengths: arena.upload([3], data.lengths, "lengths"),
    }, { ...sizes, maxLength }));
  });
  assert(!/\b(FORWARD|BLOCKS)\b/.test(String(forwardTwin)));
});
