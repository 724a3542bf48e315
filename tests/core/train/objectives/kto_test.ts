import { assertEquals, assertThrows } from "@std/assert";
import { kto, ktoBatch } from "../../../../core/mod.ts";
import { ktoKl, ktoLosses, type KtoOptions } from "../../../../core/train/objectives/kto.ts";
import { assertClose } from "../../../support/close.ts";
import { jsonFixture } from "../../../support/fixtures.ts";

interface Case {
  options: KtoOptions;
  desirable: boolean[];
  reference: number[];
  logps: number[];
  mismatchedReference: number[];
  mismatched: number[];
  loss: number;
  gradient: number[];
  metrics: Record<string, number>;
}

Deno.test("kto() has TRL's loss, gradient and metrics", async () => {
  const cases: Case[] = (await jsonFixture("trl_objectives.json")).kto;
  for (const { options, loss, gradient, metrics, ...one } of cases) {
    const kl = ktoKl(one.mismatched, one.mismatchedReference), N = one.logps.length;
    const { losses, slopes } = ktoLosses(one.logps, { ...one, kl, N }, options);
    assertClose([kl], [metrics.kl], { rtol: 1e-12, atol: 0 }, "KL");
    const mean = losses.reduce((a, b) => a + b, 0) / N;
    assertClose([mean], [loss], { rtol: 1e-12, atol: 0 }, "loss");
    assertClose(slopes, gradient, { rtol: 1e-12, atol: 1e-15 }, "gradient");
    const batch = ktoBatch(one.desirable.map((desirable, i) => ({
      ...{ prompt: [1], completion: [2], desirable, reference: one.reference[i] },
      mismatchedReference: one.mismatchedReference[i],
    })));
    const none = Array(N).fill(0);
    const row = kto(options).summarise({
      ...{ losses, logps: one.logps, kl: [kl], entropy: none, meanLogits: none, isTop: none },
      normSquares: [9],
    }, batch);
    const names = Object.keys(row).filter((name) => /^(kl|rewards|logps)/.test(name));
    assertEquals(
      names.filter((name) => !name.endsWith("/std")).sort(),
      Object.keys(metrics).sort(),
    );
    for (const [key, value] of Object.entries(metrics)) {
      assertClose([row[key]], [value], { rtol: 1e-6, atol: 1e-6 }, key); // the batch's reference is f32
    }
    assertEquals([row.grad_norm, row.beta, row.step_tokens], [3, options.beta, 2 * N]);
  }
});

Deno.test("ktoKl() is at least 0, and none where a log-prob is none", () => {
  assertEquals([ktoKl([-1, -3], [-2, -4]), ktoKl([-5], [-2])], [1, 0]);
  assertEquals([ktoKl([-Infinity, -1], [-2, -4]), ktoKl([NaN], [-2])], [NaN, NaN]);
});

const row = {
  prompt: [1, 5],
  completion: [6],
  desirable: true,
  reference: -3,
  mismatchedReference: -4,
};

Deno.test("kto() refuses what it cannot train on", () => {
  assertThrows(() => ktoBatch([row]), RangeError, "it has 1 completions, expected at least 2");
  assertThrows(
    () => ktoBatch([row, { ...row, mismatchedReference: NaN }]),
    RangeError,
    "the reference log-prob of the mismatched completion 1 is NaN",
  );
  const batch = { ...ktoBatch([row, row]), reference: new Float32Array([-1, -Infinity]) };
  assertThrows(() => kto({ beta: 1 }).split(batch), RangeError, "of the completion 1 is -Infinity");
  assertThrows(() => kto({ beta: -1 }), RangeError, "Cannot build the kto loss: beta is -1");
  const desirableWeight = -1;
  assertThrows(() => kto({ beta: 1, desirableWeight }), RangeError, "desirableWeight is -1");
});

Deno.test("kto() splits completions, and a part is a batch of its own", () => {
  const rows = [2, 3, 1].map((n, i) => ({
    ...row,
    ...{
      completion: Array(n).fill(6 + i),
      desirable: i > 0,
      reference: -i,
      mismatchedReference: -9 - i,
    },
  }));
  const batch = ktoBatch(rows), parts = kto({ beta: 1 }).split(batch, 2);
  assertEquals(parts.map(({ sequences, examples }) => [sequences, examples]), [
    [[0, 1], [0, 1]],
    [[2], [2]],
  ]);
  const { packed, desirable, reference } = parts[1].batch;
  assertEquals([[...packed.ids], desirable, [...reference]], [[1, 5, 8], [true], [-2]]);
  assertEquals([...batch.mismatched.ids], [1, 5, 8, 1, 5, 6, 6, 1, 5, 7, 7, 7]);
});
