import { assertEquals } from "@std/assert";
import { Arena } from "../../backend/arena.ts";
import { dtypeOf, holds, inside, viewAs, wholeWords, wordBytes } from "../../backend/host_array.ts";
import { defineKernel } from "../../backend/kernel.ts";
import type { DType } from "../../backend/tensor.ts";
import { deviceTest } from "../support/devices.ts";

const halves = (...bits: number[]) => new Uint16Array(bits);

Deno.test("dtypeOf() and holds() know arrays by their elements; bf16 is held as f16 is", () => {
  const arrays = [new Float32Array(1), new Uint32Array(1), halves(1)];
  assertEquals(arrays.map(dtypeOf), ["f32", "u32", "f16"]);
  const held = (["f32", "u32", "f16", "bf16"] as DType[]).map((dtype) =>
    arrays.findIndex((array) => holds(array, dtype))
  );
  assertEquals(held, [0, 1, 2, 2]);
});

Deno.test("wordBytes(), wholeWords() and viewAs() round halves up to words, and leave words alone", () => {
  assertEquals([1, 2, 3].map((n) => wordBytes("bf16", n)), [4, 4, 8]);
  assertEquals([1, 2, 3].map((n) => wordBytes("u32", n)), [4, 8, 12]);
  assertEquals([...wholeWords(halves(7, 8, 9))], [7, 8, 9, 0]);
  const words = new Uint32Array([5]);
  assertEquals([wholeWords(words), wholeWords(words) === words], [words, false]);
  const { buffer } = wholeWords(halves(7, 8, 9));
  assertEquals(viewAs("f16", buffer, 3), halves(7, 8, 9));
  assertEquals(viewAs("u32", buffer, 1), new Uint32Array([7 + (8 << 16)]));
});

deviceTest(
  "inside() wants halves in whole words: from an even place to one, or to the end",
  (device) => {
    using arena = new Arena(device, "inside");
    const x = arena.alloc([5], "x", "f16"), y = arena.alloc([5], "y");
    const ranges = [[0, 2], [0, 3], [1, 2], [2, 3], [4, 1], [4, 2]];
    const [ofHalves, ofWords] = [x, y].map((t) => ranges.map(([from, n]) => inside(from, n, t)));
    assertEquals(ofHalves, [true, false, false, true, true, false]);
    assertEquals(ofWords, [true, true, true, true, true, false]);
  },
);

/** The bits of each half of x, as a u32. */
const bitsKernel = defineKernel({
  name: "bits",
  bindings: [{ name: "x", access: "read", type: "bf16" }, {
    name: "y",
    access: "read_write",
    type: "u32",
  }],
  params: [["n", "u32"]],
  fixed: [],
  wgsl: () => /* wgsl */ `
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x < p.n) { y[id.x] = (x[id.x / 2u] >> (16u * (id.x % 2u))) & 0xffffu; }
}`,
  workgroups: () => [1, 1, 1],
  cpu: [{
    tasks: () => 1,
    run: ({ b, p }) => {
      for (let i = 0; i < p.n; i++) b.y[i] = b.x[i];
    },
  }],
});

deviceTest(
  "halves are stored by twos: uploaded, written, copied, bound and read",
  async (device) => {
    using arena = new Arena(device, "halves");
    const x = arena.upload([5], halves(1, 2, 3, 4, 0xffff), "x", "bf16");
    assertEquals([x.dtype, x.storage.bytes], ["bf16", 12]);
    arena.write(x, halves(9, 0x8000, 7), 2);
    const copy = arena.clone(x), y = arena.alloc([5], "y", "u32");
    arena.copy(x, copy, { from: 2, to: 0, count: 2 });
    arena.dispatch(bitsKernel, { bind: { x: copy, y }, params: { n: 5 } });
    const read = await arena.readAll({ x, copy, y });
    assertEquals<unknown>(read, {
      x: halves(1, 2, 9, 0x8000, 7),
      copy: halves(9, 0x8000, 9, 0x8000, 7),
      y: new Uint32Array([9, 0x8000, 9, 0x8000, 7]),
    });
  },
);
