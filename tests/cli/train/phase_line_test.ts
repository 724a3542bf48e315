import { assertEquals } from "@std/assert";
import type { Evaluation } from "../../../training/mod.ts";
import { beforeLine, phaseLine } from "../../../cli/train/phase_line.ts";

const rate = { value: 0.5, low: 0.25, high: 0.75, n: 8, ties: 0, failed: 0 };
const evaluation: Evaluation = {
  winRate: rate,
  heldOut: { ...rate, value: 0.6 },
  kl: 1.234,
  judgeCorrelation: null,
  text: { repetition: 0, distinct3: 1, misspelt: 0, words: 3 },
  outcomes: { winRate: "a" },
  stopped: 0,
  tokens: 5,
};
const numbers = {
  phase: 2,
  phases: 8,
  step: 16,
  pairs: 128,
  ties: 0,
  failed: 0,
  tokensPerSecond: 12345.6,
};

Deno.test("phaseLine() says what was measured and nothing else", () => {
  assertEquals(
    phaseLine({ ...numbers, evaluation, margin: 0.5, accuracy: 0.75 }),
    "Phase 2/8, step 16 · win rate 0.500 [0.250, 0.750] on 8 prompts · KL to SFT 1.23 nats · margin 0.500 · " +
      "accuracy 0.75 · 12,346 tokens/s",
  );
  assertEquals(
    phaseLine({ ...numbers, ties: 127, failed: 1 }),
    "Phase 2/8, step 16 · no pair to train on · 127 ties and 1 failed of 128 pairs · 12,346 tokens/s",
  );
});

Deno.test("beforeLine() has both judges", () => {
  assertEquals(
    beforeLine(evaluation),
    "Before training · win rate 0.500 [0.250, 0.750] · held-out judge 0.600 [0.250, 0.750] · 8 prompts",
  );
});

Deno.test("phaseLine() and beforeLine() of held-out pairs say what is measured", () => {
  const { heldOut: _heldOut, ...ranked } = { ...evaluation, isRanked: true as const };
  assertEquals(
    beforeLine(ranked),
    "Before training · held-out pairs ranked right 0.500 [0.250, 0.750] · 8 pairs",
  );
  assertEquals(
    phaseLine({ ...numbers, evaluation: ranked }).split(" · ")[1],
    "held-out pairs ranked right 0.500 [0.250, 0.750] on 8 pairs",
  );
});
