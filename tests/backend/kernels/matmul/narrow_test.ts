// What `narrow` reads is compared with `dequantise` bit for bit, through the kernels that use it (embedding_test.ts,
// matmul_test.ts); here: every half there is, on the device.
import { assertEquals } from "@std/assert";
import { Arena } from "../../../../backend/arena.ts";
import { gatherMatrixRows } from "../../../../backend/kernels/embedding.ts";
import { FORMAT, narrowWgsl } from "../../../../backend/kernels/matmul/narrow.ts";
import { deviceTest } from "../../../support/devices.ts";

deviceTest(
  "narrowWgsl() and the CPU's widening are exact for all finite halves, subnormal ones too",
  async (device) => {
    using arena = new Arena(device, "test");
    const bits = Uint16Array.from({ length: 65536 }, (_, i) => i);
    bits.forEach((half, i) => {
      if ((half & 0x7c00) === 0x7c00) bits[i] = 0; // infinity and NaN are never stored
    });
    const data = arena.upload([1, 32768], new Uint32Array(bits.buffer), "halves");
    const w = { shape: [1, 65536], dtype: "f16", blocks: [{ rows: 1, data }] } as const;
    const ids = arena.upload([1], new Uint32Array([0]), "ids");
    const read = await arena.read(gatherMatrixRows(arena, w, ids));
    assertEquals(read, Float32Array.from(new Float16Array(bits.buffer)));
  },
);

Deno.test("narrowWgsl() reads scales only where the storage has them", () => {
  const names = { words: "b", scales: "scales", ld: "p.ldb", ldScales: "p.lds" };
  const uses = Object.values(FORMAT).map((format) => narrowWgsl(format, names).includes("scales["));
  assertEquals(uses, [false, false, true, true]);
});
