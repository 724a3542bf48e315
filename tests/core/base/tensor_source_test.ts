import { assertEquals, assertRejects } from "@std/assert";
import { sourceOfTensors } from "../../../core/base/tensor_source.ts";
import { Mistake } from "../../../core/base/mistake.ts";

Deno.test("sourceOfTensors() lists what is there and reads copies", async () => {
  const data = Float32Array.of(1, 2);
  using source = sourceOfTensors(new Map([["w", { shape: [2], data }]]), "the base");
  assertEquals([...source.tensors], [["w", { shape: [2], dtype: "F32" }]]);
  (await source.read("w"))[0] = 9;
  assertEquals([...data], [1, 2]);
  await assertRejects(
    () => source.read("v"),
    Mistake,
    'Cannot read the base: tensor "v" is missing',
  );
});
