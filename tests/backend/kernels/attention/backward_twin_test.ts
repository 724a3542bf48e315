import { assert } from "@std/assert";
import { Arena } from "../../../../backend/arena.ts";
import { attention } from "../../../../backend/kernels/attention/attention.ts";
import { attentionBackward } from "../../../../backend/kernels/attention/backward.ts";
import { backwardTwin, deltaTwin } from "../../../../backend/kernels/attention/backward_twin.ts";
import { packed } from "../attention_cases.ts";
import { assertIndependentTasks } from "../reversed_tasks.ts";

Deno.test("backwardTwin() and deltaTwin() have tasks that do not depend on each other", async () => {
  const sizes = { lengths: [5, 300, 33], heads: 4, kvHeads: 2, headDim: 20, softcap: 2 };
  const data = packed(sizes), { rows, maxLength } = data;
  await assertIndependentTasks(async (device) => {
    using arena = new Arena(device, "test");
    const vectors = (x: Float32Array, heads: number, name: string) =>
      arena.upload([rows, heads * sizes.headDim], x, name);
    const tensors = {
      q: vectors(data.q, 4, "q"),
      k: vectors(data.k, 2, "k"),
      v: vectors(data.v, 2, "v"),
      starts: arena.upload([3], data.starts, "starts"),
      lengths: arena.upload([3], data.lengths, "lengths"),
    };
    const options = { ...sizes, maxLength };
    const all = { ...tensors, ...attention(arena, tensors, options) };
    const dout = vectors(data.dout, 4, "dout");
    return await arena.readAll(attentionBackward(arena, { ...all, dout }, options));
  });
  for (const twin of [backwardTwin, deltaTwin]) assert(!/\bBLOCKS\b/.test(String(twin)));
});
