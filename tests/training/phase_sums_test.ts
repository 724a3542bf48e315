import { assertAlmostEquals, assertEquals } from "@std/assert";
import { PhaseSums, timingRow } from "../../training/phase_sums.ts";

const step = { kind: "step", step: 0, phase: 0, seconds: 1 } as const;
const margins = (margin: number, accuracy: number) => ({
  "rewards/margins": margin,
  "rewards/accuracies": accuracy,
  step_tokens: 10,
});

Deno.test("PhaseSums has the means of the steps that trained, and the pace of all tokens", () => {
  const sums = new PhaseSums();
  sums.takePairs({
    ...{ kind: "pairs", phase: 0, records: [], pairs: 2, ties: 0, failed: 0 },
    ...{ generated: 30, seconds: 4 },
  });
  sums.takeStep({ ...step, examples: 2, metrics: margins(0.5, 1) });
  sums.takeStep({ ...step, examples: 0, metrics: {} });
  sums.takeStep({ ...step, examples: 1, metrics: margins(0.1, 0.5) });
  sums.takeStep({ ...step, examples: 1, metrics: { step_tokens: 5 } }); // another objective's
  const { seconds, tokensPerSecond, margin, accuracy, ...end } = sums.end(3, 8);
  assertEquals(end, {
    ...{ kind: "phaseEnd", phase: 3, step: 8, generated: 30, trained: 25, collectSeconds: 4 },
  });
  assertAlmostEquals(margin!, 0.3, 1e-12);
  assertAlmostEquals(accuracy!, 0.75, 1e-12);
  assertAlmostEquals(tokensPerSecond * Math.max(seconds, 1e-9), 55, 1e-6);
});

Deno.test("PhaseSums has no means where no step trained", () => {
  const { margin, accuracy } = new PhaseSums().end(0, 2);
  assertEquals([margin, accuracy], [undefined, undefined]);
});

Deno.test("timingRow() is all that depends on the clock", () => {
  assertEquals(
    timingRow({
      ...{ kind: "phaseEnd", phase: 1, step: 8, seconds: 4, collectSeconds: 3, margin: 1 },
      ...{ generated: 30, trained: 10, tokensPerSecond: 10 },
    }),
    {
      ...{ phase: 2, step: 8, seconds: 4, collectSeconds: 3 },
      ...{ generated: 30, trained: 10, tokensPerSecond: 10 },
    },
  );
});
