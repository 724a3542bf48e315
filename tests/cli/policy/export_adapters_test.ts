import { assert, assertEquals, assertMatch } from "@std/assert";
import { reduced } from "../../../cli/policy/export_adapters.ts";
import { adapterLayout } from "../../../core/mod.ts";
import { uniform } from "../../support/random.ts";

const layout = adapterLayout([{ name: "layer", inDim: 8, outDim: 8 }], { rank: 3, alpha: 3 });
const adapter = { layout, params: uniform(layout.size, 5, 0.5) };

Deno.test("reduced() is the adapter itself without a rank, else the nearest one with its error", () => {
  assertEquals(reduced(adapter, undefined), { adapter, said: "rank 3" });
  const small = reduced(adapter, 1);
  assertEquals(small.adapter.layout.rank, 1);
  assertMatch(small.said, /^rank 1 of 3, relative error of ΔW 0\.\d+$/);
  const error = (rank: number) => Number(reduced(adapter, rank).said.split(" ").at(-1));
  assert(error(1) > error(2) && error(2) > error(3) && error(3) < 1e-6);
});
