import { assert, assertEquals, assertThrows } from "@std/assert";
import { Arena } from "../../backend/arena.ts";
import { asMatrix, isMatrix, matrixOf, matrixTensors, uploadMatrix } from "../../backend/matrix.ts";
import { type BaseDType, dequantise, quantise, wordsPerRow } from "../../backend/quantise.ts";
import { deviceTest } from "../support/devices.ts";
import { uniform } from "../support/random.ts";

const DTYPES = ["f32", "f16", "int8", "int4"] as const satisfies BaseDType[];

deviceTest("uploadMatrix() puts rows into blocks that fit, in order and even", async (device) => {
  using arena = new Arena(device, "test");
  const shape = [23, 40] as const, data = uniform(23 * 40, 1);
  for (const dtype of DTYPES) {
    const row = 4 * wordsPerRow(dtype, 40).data;
    const w = uploadMatrix(arena, shape, data, { dtype, label: "w", maxBytes: 8 * row + 3 });
    assertEquals(w.blocks.map(({ rows }) => rows), [8, 8, 7]);
    const parts: number[] = [];
    for (const { rows, ...tensors } of w.blocks) {
      for (const { storage } of matrixTensors({ ...w, blocks: [{ rows, ...tensors }] })) {
        assert(storage.bytes <= 8 * row + 3, `${storage.bytes} bytes`);
      }
      const { data, scales } = await arena.readAll(tensors as Required<typeof tensors>);
      parts.push(
        ...dequantise({
          shape: [rows, 40],
          dtype,
          data: data as Uint32Array<ArrayBuffer>,
          scales: scales as Uint32Array<ArrayBuffer>,
        }),
      );
    }
    assertEquals(new Float32Array(parts), dequantise(quantise(shape, data, dtype)), dtype);
  }
});

deviceTest("uploadMatrix() fits the device's binding limit by itself", (device) => {
  assert(device.info.maxBindingBytes >= 2 ** 27, "the smallest limit that WebGPU allows");
  const { info } = device;
  const rows = (maxBindingBytes: number) => {
    const arena = {
      device: { info: { ...info, maxBindingBytes } },
      upload: () => {},
      commit: () => {},
    };
    const data = uniform(10 * 32, 1), options = { dtype: "f32", label: "w" } as const;
    return uploadMatrix(arena as unknown as Arena, [10, 32], data, options).blocks.map((b) =>
      b.rows
    );
  };
  assertEquals([rows(512), rows(info.maxBindingBytes)], [[4, 4, 2], [10]]);
});

Deno.test("uploadMatrix() stages one block at a time, and none is longer than a sum may be", () => {
  const log: string[] = [];
  const arena = {
    device: { info: { maxBindingBytes: 2 ** 30 } },
    upload: (shape: number[]) => (log.push(`upload ${shape}`), {}),
    commit: () => log.push("commit"),
  } as unknown as Arena;
  uploadMatrix(arena, [2 ** 16 + 2, 1], new Float32Array(2 ** 16 + 2), {
    dtype: "f32",
    label: "w",
  });
  assertEquals(log, [`upload ${2 ** 15 + 1},1`, "commit", `upload ${2 ** 15 + 1},1`]);
});

deviceTest("a matrix is kept and freed as a tree of tensors", (device) => {
  using arena = new Arena(device, "test");
  const w = uploadMatrix(arena, [4, 64], uniform(256, 1), {
    dtype: "int4",
    label: "w",
    maxBytes: 64,
  });
  assertEquals(matrixTensors(w).length, 4); // words and scales of two blocks
  const kept = arena.keep({ w, bias: arena.zeros([4], "bias") });
  arena.commit();
  using after = kept.donate(arena, "test");
  const { w: donated } = after.borrow();
  assertEquals([donated.shape, donated.dtype, donated.blocks.length], [[4, 64], "int4", 2]);
  assertThrows(() => arena.clone(w.blocks[1].data), ReferenceError, "donated to test");
  arena.commit();
});

deviceTest(
  "int4 takes at most 0.16 of f32's bytes on the device, int8 0.29, f16 0.51",
  (device) => {
    // SmolLM2-135M's matrices, a layer of each and a tenth of the embedding.
    const shapes = [[576, 576], [192, 576], [1536, 576], [576, 1536], [4915, 576]] as const;
    const bytes = Object.fromEntries(DTYPES.map((dtype) => {
      using arena = new Arena(device, "test");
      const before = device.stats().bytes;
      for (const [rows, cols] of shapes) {
        const w = uploadMatrix(arena, [rows, cols], new Float32Array(rows * cols), {
          dtype,
          label: "w",
        });
        assertEquals(w.shape, [rows, cols]);
      }
      return [dtype, device.stats().bytes - before];
    }));
    const share = (dtype: BaseDType) => bytes[dtype] / bytes.f32;
    assert(share("int4") <= 0.16, `int4: ${share("int4")}`);
    assert(share("int8") <= 0.29 && share("int8") > 0.25, `int8: ${share("int8")}`);
    assert(share("f16") <= 0.51 && share("f16") > 0.49, `f16: ${share("f16")}`);
  },
);

deviceTest("matrixOf() and asMatrix() take f32 tensors of any axes, and nothing else", (device) => {
  using arena = new Arena(device, "test");
  const w = arena.zeros([2, 3, 4], "w");
  assertEquals(matrixOf(w), { shape: [6, 4], dtype: "f32", blocks: [{ rows: 6, data: w }] });
  const matrix = asMatrix(w);
  assert(isMatrix(matrix) && !isMatrix(w) && asMatrix(matrix) === matrix);
  assertThrows(
    () => matrixOf(arena.zeros([2], "ids", "u32")),
    TypeError,
    'Cannot use "ids" as a matrix: it is u32, expected f32',
  );
});

deviceTest("uploadMatrix() refuses rows that do not fit, and data of another length", (device) => {
  using arena = new Arena(device, "test");
  assertThrows(
    () =>
      uploadMatrix(arena, [2, 64], uniform(128, 1), { dtype: "f32", label: "w", maxBytes: 255 }),
    RangeError,
    'Cannot upload "w": a row has 256 bytes, expected at most 255, which one binding holds',
  );
  assertThrows(
    () => uploadMatrix(arena, [2, 64], uniform(127, 1), { dtype: "int8", label: "w" }),
    TypeError,
    'Cannot upload "w": it has 127 elements, expected 128 for shape [2,64]',
  );
});
