import { assertEquals, assertRejects } from "@std/assert";
import { keyOf, type PackedSequences, type StepPace } from "../../../core/mod.ts";
import { completions } from "../../../training/mod.ts";
import { SftCourse } from "../../../training/sft/course.ts";
import type { SftLearner, SftNumbers } from "../../../training/sft/learner.ts";
import { sftRows } from "../../support/tiny_sft.ts";

/** A learner whose loss is 1 / (1 + step); it remembers what it was given. */
function fake(others: Partial<SftNumbers> = {}) {
  const seen: { packed: PackedSequences; pace: StepPace }[] = [];
  const learner: Pick<SftLearner, "step" | "capture"> = {
    step(packed, pace) {
      seen.push({ packed, pace });
      return Promise.resolve({ loss: 1 / (1 + pace.step), gradNorm: 2, ...others });
    },
    capture: () => Promise.resolve(new Map()),
  };
  return { learner: learner as SftLearner, seen };
}

const source = completions(sftRows(8), { batchTokens: 9 });
const options = { source, seed: 1, learningRate: (step: number) => 0.5 - step / 10 };

Deno.test("SftCourse.train() goes through the epochs with the rate of the step, and counts tokens", async () => {
  const { learner, seen } = fake();
  const course = new SftCourse(options, learner);
  const rows = [];
  for (let step = 0; step < 5; step++) rows.push((await course.train(step)).row);
  assertEquals(seen.map(({ packed }) => packed.starts.length), [3, 3, 2, 3, 3]);
  assertEquals(
    seen.map(({ pace }) => pace),
    [0, 1, 2, 3, 4].map((step) => ({
      step,
      learningRate: options.learningRate(step),
    })),
  );
  assertEquals(Object.keys(rows[0]), [
    ...["step", "epoch", "loss", "grad_norm", "learning_rate", "num_tokens"],
  ]);
  const last = { step: 5, epoch: 1 + 2 / 3, loss: 1 / 5, grad_norm: 2 };
  assertEquals(rows[4], { ...last, learning_rate: options.learningRate(4), num_tokens: 42 });
  assertEquals(await course.capture(), { arrays: new Map(), tokens: 42 });
  assertEquals(
    [...seen[0].packed.ids],
    source.epoch(0, keyOf(1))[0].flatMap(({ ids }) => Array.from(ids)),
  );
});

Deno.test("SftCourse.train() from the middle has the batches and the sums of the whole", async () => {
  const whole = new SftCourse(options, fake().learner);
  const rows = [];
  for (let step = 0; step < 5; step++) rows.push(await whole.train(step));
  const later = new SftCourse(options, fake().learner, 33);
  assertEquals([await later.train(4)], rows.slice(4));
});

Deno.test("SftCourse.train() ends by one line where numbers are lost", async () => {
  for (
    const [numbers, message] of [
      [{ loss: NaN }, "the loss is NaN and the gradient norm 2"],
      [{ gradNorm: Infinity }, "the loss is 1 and the gradient norm Infinity"],
      [{ nonFinite: [1] }, "a parameter or a moment is not finite"],
    ] as const
  ) {
    const course = new SftCourse(options, fake(numbers).learner);
    const error = await assertRejects(() => course.train(0), Error, message);
    assertEquals(error.message.startsWith("Cannot go on after step 1: "), true);
    assertEquals((await course.capture()).tokens, 0);
  }
});
