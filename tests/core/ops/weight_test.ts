import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { Arena, matrixOf, uploadMatrix } from "../../../backend/mod.ts";
import { openWeight } from "../../../core/ops/weight.ts";
import { deviceTest } from "../../support/devices.ts";

deviceTest("openWeight() gives the tensor that trains, of a tensor or a matrix", (device) => {
  using arena = new Arena(device, "test");
  const tensor = arena.zeros([4, 3], "w"), matrix = matrixOf(tensor);
  assertStrictEquals(openWeight({ tensor, trains: true }).trained, tensor);
  assertStrictEquals(openWeight({ tensor: matrix, trains: true }).trained, tensor);
  assertStrictEquals(openWeight({ tensor: matrix, trains: false }).w, matrix);
  assertEquals(openWeight({ tensor, trains: false }), { w: matrix });
});

deviceTest(
  "openWeight() refuses to train narrow storage and blocks, and opens them frozen",
  (device) => {
    using arena = new Arena(device, "test");
    const upload = (dtype: "f32" | "int4", maxBytes: number) =>
      uploadMatrix(arena, [4, 3], new Float32Array(12), { dtype, label: "w", maxBytes });
    for (
      const [tensor, found] of [
        [upload("int4", 100), "int4 in 1 block"],
        [upload("f32", 24), "f32 in 2 blocks"],
        [upload("int4", 32), "int4 in 2 blocks"],
      ] as const
    ) {
      assertStrictEquals(openWeight({ tensor, trains: false }).w, tensor);
      assertThrows(
        () => openWeight({ tensor, trains: true }),
        TypeError,
        `Cannot train "w": it is ${found}, expected f32 in one. Train an adapter on it, or load it as f32`,
      );
    }
    arena.commit();
  },
);
