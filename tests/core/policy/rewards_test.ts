import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Arena, type Device } from "../../../backend/mod.ts";
import {
  adapterLayout,
  exactMean,
  factorMean,
  linearLayers,
  type Model,
  rewardScores,
  tinyModel,
} from "../../../core/mod.ts";
import { packWhole, requireHead } from "../../../core/policy/rewards.ts";
import { Mistake } from "../../../core/base/mistake.ts";
import { assertClose } from "../../support/close.ts";
import { deviceTest } from "../../support/devices.ts";
import { uniform } from "../../support/random.ts";

const sequences = [[1, 6, 2], [1], [1, 9, 4, 4, 2], [3, 2]];

function adapter(model: Model, members: number, inDim = model.config.hiddenSize) {
  const head = { name: "score", inDim };
  const layout = adapterLayout(linearLayers(model.config), { rank: 2, alpha: 2, head });
  return { layout, host: uniform(members * layout.size, 5, 0.3) };
}

async function scores(
  device: Device,
  model: Model,
  { layout, host }: ReturnType<typeof adapter>,
  options?: { rowsPerPass?: number },
) {
  using arena = new Arena(device, "adapter");
  const params = arena.upload([host.length / layout.size, layout.size], host, "params");
  arena.commit();
  return await rewardScores(device, model, sequences, { layout, params }, options);
}

deviceTest(
  "rewardScores() gives each member its own rewards, whatever goes through at once",
  async (device) => {
    const model = tinyModel(device);
    using _weights = model.weights;
    const both = adapter(model, 2), { layout, host } = both;
    const all = await scores(device, model, both);
    assertEquals(all.length, 8);
    const near = { rtol: 1e-5, atol: 1e-6 }; // rows are summed in other tiles
    for (const k of [0, 1]) {
      const own = { layout, host: host.slice(k * layout.size, (k + 1) * layout.size) };
      const alone = await scores(device, model, own);
      assertClose(all.subarray(4 * k, 4 * k + 4), alone, near, `member ${k}`);
      assertClose(await scores(device, model, own, { rowsPerPass: 1 }), alone, near, "row by row");
    }
    assertClose(await scores(device, model, both, { rowsPerPass: 8 }), all, near, "in parts");
  },
);

deviceTest("rewardScores() of merged members has the mean of their heads", async (device) => {
  const model = tinyModel(device);
  using _weights = model.weights;
  const { layout, host } = adapter(model, 2), { offset, inDim } = layout.head!;
  const lone = host.slice(0, layout.size), mean = lone.slice(); // two members that differ in the head only
  host.set(lone, layout.size);
  for (let d = offset; d < offset + inDim; d++) {
    host[layout.size + d] = d % 3 - 1;
    mean[d] = (lone[d] + d % 3 - 1) / 2;
  }
  const wanted = await scores(device, model, { layout, host: mean });
  using arena = new Arena(device, "merge");
  const params = arena.upload([2, layout.size], host, "members");
  for (const merge of [exactMean, factorMean]) {
    const merged = merge(arena, { layout, params });
    const read = await arena.read(merged.params) as Float32Array<ArrayBuffer>;
    const found = await scores(device, model, { layout: merged.layout, host: read });
    assertClose(found, wanted, { rtol: 1e-4, atol: 1e-5 }, merge.name);
  }
});

deviceTest("rewardScores() refuses what it cannot read", async (device) => {
  const model = tinyModel(device);
  using _weights = model.weights;
  const wide = adapter(model, 1, model.config.hiddenSize + 1);
  await assertRejects(
    () => scores(device, model, wide),
    TypeError,
    "Cannot read rewards: the head reads 9 features, expected 8",
  );
  using arena = new Arena(device, "adapter");
  const { layout, host } = adapter(model, 1);
  const one = { layout, params: arena.upload([1, layout.size], host, "params") };
  const score = (ids: number[][]) => rewardScores(device, model, ids, one);
  await assertRejects(() => score([[1], []]), RangeError, "sequence 1 has 0 tokens");
  await assertRejects(() => score([[1, 99]]), Mistake, "has the id 99 at place 1");
  assertEquals(await score([]), new Float32Array());
}, ["cpu"]);

Deno.test("requireHead() says how a layout gets a head; packWhole() reads last rows", () => {
  const layout = adapterLayout([{ name: "a", inDim: 2, outDim: 2 }], { rank: 1, alpha: 1 });
  assertThrows(
    () => requireHead(layout),
    TypeError,
    "Plan it with adapterLayout(layers, { …, head",
  );
  assertEquals([...packWhole(sequences).headRows], [2, 3, 8, 10]);
  for (const id of [2.5, NaN, -1]) {
    assertThrows(() => packWhole([[1, id]]), Mistake, `sequence 0 has the id ${id} at place 1`);
  }
});
