import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  nextOfLeash,
  nextOfTask,
  report,
  sideBySide,
} from "../../../../cli/train/results/report.ts";
import type { Summary } from "../../../../cli/train/results/summary.ts";

const change = { before: 0.01, after: 0.02 };
const rate = {
  before: { value: 0.5, low: 0.4, high: 0.6 },
  after: { value: 0.875, low: 0.8, high: 0.95 },
  n: 256,
  gain: { value: 0.375, low: -0.01, high: 0.4 },
};
const summary: Summary = {
  device: "cpu",
  adapterInfo: { name: "n", detail: "d", software: false },
  method: "bpo (dpo)",
  loss: "dpo",
  reference: "behaviour",
  phases: 8,
  refreshEvery: 8,
  members: 3,
  steps: 64,
  seed: 1,
  seconds: 91.4,
  tokensPerSecond: 12345,
  pairs: 1024,
  ties: 3,
  failed: 0,
  kl: 9.876,
  klAtOne: 21.5,
  winRate: rate,
  heldOutWinRate: rate,
  greedyWinRate: rate,
  judgeCorrelation: null,
  text: {
    repetition: change,
    distinct3: { before: 0.82, after: 0.684 },
    misspelt: change,
    words: { before: 40.04, after: 41 },
  },
  stopped: change,
  dispatches: 1,
  submits: 1,
  readbacks: 1,
  bytesPeak: 1,
  adapterSha256: "",
  annotator: "stories",
  model: "m",
  committedReferences: true,
};
const long = "Tom was kind to the little cat and shared his milk with it. ".repeat(4);
const sample = {
  prompt: "Tom saw a cat.",
  reference: "",
  before: "He ran.",
  after: long,
  greedyAfter: "",
};

Deno.test("report() has the table, three answers, the files and what is next, within 100 columns", () => {
  const lines = report(summary, Array(5).fill(sample), "runs/x", nextOfTask("runs/x", []));
  const text = lines.join("\n");
  for (const line of lines) assert(line.length <= 100, line);
  assertStringIncludes(
    text,
    "win rate, training annotator  0.500 [0.400, 0.600]  0.875 [0.800, 0.950]",
  );
  assertStringIncludes(text, "misspelt words                1.0%                  2.0%");
  assertStringIncludes(text, "KL to SFT, nats a sequence    0.00                  9.88");
  assertStringIncludes(text, "  at temperature 1            0.00                  21.50");
  assertStringIncludes(text, "distinct three-word runs      82.0%                 68.4%");
  const gains = lines.filter((line) => line.startsWith("  gain on the same prompts"));
  assertEquals(gains.length, 3);
  assert(gains[0].endsWith("                      +0.375 [-0.010, +0.400]"), gains[0]);
  assertEquals(lines.filter((line) => line === '"Tom saw a cat."').length, 3);
  assertStringIncludes(text, "Files in runs/x:");
  assertStringIncludes(text, "Next:");
});

Deno.test("sideBySide() keeps both columns apart, and lets no control character through", () => {
  const lines = sideBySide({ ...sample, before: "a\x1b[31mb\x07" });
  assertEquals(lines[1], `${"Before".padEnd(48)} | After`);
  assert(lines.slice(1).every((line) => line[49] === "|" && line.length <= 100));
  // deno-lint-ignore no-control-regex -- that is what must not be there
  assert(!/[\x00-\x1f]/.test(lines.join("")));
});

Deno.test("report() has no rows for what was not measured", () => {
  const { heldOutWinRate: _heldOut, greedyWinRate: _greedy, ...rest } = summary;
  const { repetition, distinct3, words } = summary.text;
  const ranked = { ...rest, annotator: "none", text: { repetition, distinct3, words } };
  const text = report(ranked, [], "runs/x", nextOfLeash("runs/x", "org/name")).join("\n");
  assertStringIncludes(text, "256 pairs, 95% intervals");
  assertStringIncludes(
    text,
    "held-out pairs ranked right  0.500 [0.400, 0.600]  0.875 [0.800, 0.950]",
  );
  for (const row of ["judge", "greedy", "misspelt", "annotator"]) {
    assert(!text.includes(row), row);
  }
  assertStringIncludes(text, "leash chat --model org/name --adapter runs/x/adapter");
});

Deno.test("report() fits 40 and 80 columns without a broken word", () => {
  for (const columns of [40, 80]) {
    const lines = report(summary, [sample, sample], "runs/x", [], columns);
    for (const line of lines) {
      assert(line.length <= columns || line.startsWith("Done in"), `${columns}: ${line}`);
    }
    const text = lines.join("\n");
    assertStringIncludes(text, "0.500 [0.400, 0.600]");
    assertStringIncludes(text, "every pair with its verdict");
    for (const word of long.split(" ")) assertStringIncludes(text, word);
  }
  assertStringIncludes(
    report({ ...summary, pairs: 1, ties: 1 }, [], "x", []).join(),
    "1 pair (1 tie, 0",
  );
});

Deno.test("sideBySide() shows what a terminal would obey", () => {
  const text = sideBySide({ ...sample, before: "a\x1b[2J", prompt: "p\u202e" }).join("\n");
  assertStringIncludes(text, "a\\u001b[2J");
  assertStringIncludes(text, '"p\\u202e"');
});
