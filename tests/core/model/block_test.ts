import { assertEquals } from "@std/assert";
import { Arena } from "../../../backend/mod.ts";
import { bindModel, loadModel, Tape } from "../../../core/mod.ts";
import { runBlock } from "../../../core/model/block.ts";
import { deviceTest } from "../../support/devices.ts";
import { familyConfig, familyFixture, familyTensors } from "../../support/families.ts";
import { integers } from "../../support/random.ts";

// Norms before, norms after, attention and MLP in parallel, one layer for q, k and v.
for (const variant of ["llama", "olmo2", "gpt_neox", "phi3"]) {
  deviceTest(
    `runBlock() of ${variant} adds to its rows what its output projections make`,
    async (device) => {
      const config = familyConfig(variant, await familyFixture(variant));
      const tensors = familyTensors(config, 1);
      const outputs = /\.0\..*(o_proj|down_proj|attention\.dense|4h_to_h)\./;
      for (const [name, { data }] of tensors) if (outputs.test(name)) data.fill(0);
      const model = loadModel(device, config, tensors, { context: 8 });
      using weights = model.weights;
      using arena = new Arena(device, "block");
      const bound = bindModel({ config: model.config, weights: weights.borrow() });
      const rows = Float32Array.from(integers(2 * config.hiddenSize, 1, 97), (n) => n / 97);
      const x = arena.upload([2, config.hiddenSize], rows, "rows");
      const positions = arena.upload([2], Uint32Array.of(0, 1), "positions");
      const tape = new Tape(arena, false);
      const places = {
        positions,
        attend: (_: Tape, _layer: number, { q }: { q: typeof x }) => arena.clone(q),
      };
      const [silent, loud] = bound.blocks.slice(0, 2).map((block, layer) =>
        runBlock({ tape, places, layer }, block, x)
      );
      const read = await arena.readAll({ silent, loud });
      assertEquals(read.silent, rows); // both outputs are zero: only the residual stream is left
      assertEquals(read.loud.every((value, i) => value !== rows[i]), true);
    },
    ["cpu"],
  );
}
