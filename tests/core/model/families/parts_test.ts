import { assertEquals, assertThrows } from "@std/assert";
import { ConfigFields } from "../../../../core/model/fields.ts";
import {
  activationOf,
  biasesOf,
  layerKindsOf,
  ropeOf,
  slidingLayers,
  windowOf,
} from "../../../../core/model/families/parts.ts";
import { Mistake } from "../../../../core/base/mistake.ts";

Deno.test("parts of a config leave out what Llama does", () => {
  assertEquals([activationOf("silu"), activationOf("gelu")], [{}, { activation: "gelu" }]);
  assertEquals(biasesOf({ qkv: false, o: false, mlp: false }), {});
  assertEquals(biasesOf({ qkv: true, o: false, mlp: false }), { biases: { qkv: true } });
  assertEquals(ropeOf({ theta: 5, dim: 8 }, 8), { ropeTheta: 5 });
  assertEquals(ropeOf({ theta: 5, dim: 4 }, 8), { ropeTheta: 5, rope: { theta: 5, dim: 4 } });
  assertEquals(layerKindsOf([{ rope: "global" }]), {});
  assertEquals(layerKindsOf([{ rope: "none" }]), { layerKinds: [{ rope: "none" }] });
  assertEquals([windowOf(4, true), windowOf(4, false), windowOf(undefined, true)], [
    { window: 4 },
    {},
    {},
  ]);
});

Deno.test("slidingLayers() reads layer_types, or asks the family", () => {
  const of = (json: Record<string, unknown>) => new ConfigFields(json, "config.json");
  const types = ["sliding_attention", "full_attention"];
  assertEquals(slidingLayers(of({ layer_types: types }), 2, () => false), [true, false]);
  assertEquals(slidingLayers(of({}), 2, (layer) => layer === 1), [false, true]);
  assertThrows(
    () => slidingLayers(of({ layer_types: ["full_attention", "chunked"] }), 2, () => false),
    Mistake,
    'layer_types has "chunked"',
  );
});
