import { assertEquals } from "@std/assert";
import { Arena } from "../../../backend/arena.ts";
import { sampleInPlace } from "../../../backend/kernels/sample.ts";
import { RANDOM } from "../../../backend/kernels/sample_twin.ts";
import { threefry2x32 } from "../../../backend/reference/sample.ts";
import { uniform } from "../../support/random.ts";
import { assertIndependentTasks } from "./reversed_tasks.ts";

const S = 7, V = 50;

Deno.test("sampleTwin() draws for each row by itself: in any order the same tokens", () =>
  assertIndependentTasks(async (device) => {
    using arena = new Arena(device, "test");
    const words = (f: (row: number) => number) =>
      arena.upload([S], Uint32Array.from({ length: S }, (_, row) => f(row)), "words");
    const logits = arena.upload([S, V], uniform(S * V, 5).map((x) => 4 * x), "logits");
    const rows = { streams: words((row) => row), tokens: words(() => 0), lengths: words(() => 1) };
    const done = words((row) => Number(row === 3));
    const ids = arena.zeros([S, 2], "ids", "u32"), logps = arena.zeros([S, 2], "logps");
    const draw = { temperature: 0.8, topK: 20, topP: 0.9, minP: 0.01, seed0: 11, seed1: 12 };
    const tensors = { logits, ...rows, done, ids, logps };
    sampleInPlace(arena, tensors, { ...draw, step: 1, eosIds: [2], padId: 0 });
    const { tokens, lengths } = rows;
    return await arena.readAll({ ids, logps, tokens, lengths, done });
  }));

Deno.test("RANDOM's turns and parity are Threefry's: a round of them is the reference's", () => {
  const turns = Array.from({ length: 8 }, (_, i) => RANDOM[`TURN${i}` as keyof typeof RANDOM]);
  const keys = [0x13198a2e, 0x03707344, RANDOM.PARITY ^ 0x13198a2e ^ 0x03707344];
  let x0 = 0x243f6a88 + keys[0] | 0, x1 = 0x85a308d3 + keys[1] | 0;
  for (let round = 0; round < 20; round++) {
    const turn = turns[round % 8];
    x0 = x0 + x1 | 0;
    x1 = (x1 << turn | x1 >>> 32 - turn) ^ x0;
    if (round % 4 < 3) continue;
    const group = (round + 1) / 4;
    x0 = x0 + keys[group % 3] | 0;
    x1 = x1 + keys[(group + 1) % 3] + group | 0;
  }
  const expected = threefry2x32([0x13198a2e, 0x03707344], [0x243f6a88, 0x85a308d3]);
  assertEquals([x0 >>> 0, x1 >>> 0], [...expected].map((x) => x >>> 0));
});
