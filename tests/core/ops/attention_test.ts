// What attention() leaves on the tape, and that its inputs have one use.
import { assertEquals } from "@std/assert";
import { Arena, attention as attentionKernel, attentionBackward } from "../../../backend/mod.ts";
import { attention, Tape } from "../../../core/mod.ts";
import { deviceTest } from "../../support/devices.ts";
import { leavesOnlyGradients, refusesTwoUses, rows, segments } from "../../support/op_checks.ts";

leavesOnlyGradients("attention", (arena, tape) => {
  const q = rows(arena, 8, 1, "q"), k = rows(arena, 4, 2, "k"), v = rows(arena, 4, 3, "v");
  const s = segments(arena);
  return {
    inputs: [q, k, v, s.starts, s.lengths],
    y: attention(tape, { q, k, v }, s, { heads: 2, kvHeads: 1, headDim: 4 }),
  };
});

deviceTest("attention() hands its options to the kernel and to its gradient", async (device) => {
  const heads = { heads: 2, kvHeads: 1, headDim: 4, scale: 0.9, softcap: 0.7, window: 2 };
  using arena = new Arena(device, "test");
  const tape = new Tape(arena, true), s = segments(arena);
  const tensors = {
    q: rows(arena, 8, 1, "q"),
    k: rows(arena, 4, 2, "k"),
    v: rows(arena, 4, 3, "v"),
  };
  const dout = rows(arena, 8, 4, "dout");
  const whole = { ...tensors, starts: s.starts, lengths: s.lengths };
  const options = { ...heads, maxLength: s.maxLength };
  const kernel = attentionKernel(arena, whole, options);
  const expected = attentionBackward(arena, { ...whole, ...kernel, dout }, options);
  const y = attention(tape, tensors, s, heads), out = arena.clone(y);
  tape.accumulate(y, () => arena.clone(dout));
  tape.backward();
  const gradients = Object.fromEntries(
    Object.entries(tensors).map(([name, x]) => [`d${name}`, tape.gradient(x)!]),
  );
  const read = await arena.readAll({ out, ...gradients });
  assertEquals(read, await arena.readAll({ out: kernel.out, ...expected }));
});

refusesTwoUses("attention", (tape, x) => {
  const sizes = { heads: 1, kvHeads: 1, headDim: 8 };
  return attention(tape, { q: x, k: x, v: x }, segments(tape.arena), sizes);
}, "an input of attention used twice");
