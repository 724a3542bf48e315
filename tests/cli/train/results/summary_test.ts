import { assertEquals } from "@std/assert";
import type { Evaluation } from "../../../../training/mod.ts";
import { storiesConfig } from "../../../support/run_settings.ts";
import { summarise } from "../../../../cli/train/results/summary.ts";
import { NOTHING_DONE } from "../../../../cli/train/totals.ts";
import type { DeviceInfo } from "../../../../backend/mod.ts";

function evaluation(value: number): Evaluation {
  const rate = { value, low: value / 2, high: (1 + value) / 2, n: 8, ties: 1, failed: 2 };
  return {
    winRate: rate,
    heldOut: { ...rate, value: value / 3 },
    kl: 10 * value,
    judgeCorrelation: 0.25,
    text: { repetition: value, distinct3: value / 4, misspelt: 0, words: 20 },
    outcomes: value < 0.6
      ? { winRate: "abtb", heldOut: "bbbb" }
      : { winRate: "aafb", heldOut: "abba" },
    stopped: 0,
    tokens: 5,
  };
}

const info: DeviceInfo = {
  ...{ kind: "cpu", name: "n", detail: "d", software: false, maxBindingBytes: 1, runsTwins: true },
};

Deno.test("summarise() compares the first evaluation with the last", () => {
  const summary = summarise({
    config: storiesConfig("--steps 10 --refresh-every 4 --loss ipo"),
    info,
    totals: {
      ...NOTHING_DONE,
      generated: 30,
      trained: 70,
      workSeconds: 4,
      evaluations: [0.5, 0.9, 0.8].map((value, i) => ({
        phase: i,
        step: 4 * i,
        numbers: evaluation(value),
      })),
      greedyBefore: evaluation(0.4),
      greedyAfter: evaluation(0.7),
      klAtOne: 9,
    },
    adapterSha256: "sha",
    model: "m",
    committedReferences: true,
  });
  assertEquals(summary.winRate, {
    before: { value: 0.5, low: 0.25, high: 0.75 },
    after: { value: 0.8, low: 0.4, high: 0.9 },
    n: 8,
    gain: { value: 1 / 3, low: 0, high: 1 }, // 0, 1 and 0; the third failed after training
  });
  assertEquals(summary.heldOutWinRate!.gain!.value, 0.5);
  assertEquals([summary.klAtOne, summary.text.distinct3], [9, { before: 0.125, after: 0.2 }]);
  const { before, after } = summary.greedyWinRate!;
  assertEquals([before.value, after.value], [0.4, 0.7]);
  assertEquals([summary.phases, summary.refreshEvery, summary.method], [3, 4, "bpo (ipo)"]);
  assertEquals([summary.kl, summary.tokensPerSecond, summary.judgeCorrelation], [8, 25, 0.25]);
  assertEquals(summary.text.repetition, { before: 0.5, after: 0.8 });
});

Deno.test("summarise() leaves out what nobody measured", () => {
  const { heldOut: _heldOut, text: { misspelt: _misspelt, ...text }, ...rest } = evaluation(0.5);
  const numbers = { ...rest, text, outcomes: { winRate: "ffff" } };
  const summary = summarise({
    config: storiesConfig("", { annotator: "none" }),
    info,
    totals: { ...NOTHING_DONE, evaluations: [{ phase: 0, step: 0, numbers }] },
    adapterSha256: "sha",
    model: "m",
    committedReferences: false,
  });
  assertEquals([summary.heldOutWinRate, summary.greedyWinRate], [undefined, undefined]);
  assertEquals([summary.klAtOne, summary.winRate.gain], [undefined, undefined]);
  assertEquals(Object.keys(summary.text), ["repetition", "distinct3", "words"]);
});
