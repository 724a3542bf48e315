import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { compareHelp, parseCompareFlags } from "../../../cli/compare/flags.ts";
import { SIZES } from "../../../cli/compare/plan.ts";
import { UsageError } from "../../../cli/terminal/mistake.ts";

Deno.test("parseCompareFlags() without arguments has the default sizes", () => {
  assertEquals(parseCompareFlags([]), {
    kind: "compare",
    plan: { seeds: SIZES.seeds, members: SIZES.members, shared: {} },
    out: "runs/compare",
  });
});

Deno.test("parseCompareFlags() reads every flag", () => {
  const text =
    "--seeds 2 --members 5,1,3 --steps=16 --pairs 4 --device cpu --out a/b/ --markdown R.md";
  assertEquals(parseCompareFlags(text.split(" ")), {
    kind: "compare",
    plan: {
      seeds: 2,
      members: [1, 3, 5],
      shared: { steps: "16", pairs: "4", device: "cpu" },
    },
    out: "a/b",
    markdown: "R.md",
  });
  for (const flag of ["--help", "-h"]) assertEquals(parseCompareFlags([flag]), { kind: "help" });
});

for (
  const [args, message] of [
    [
      "--sede 3",
      'Cannot compare: "--sede" is no flag, expected flags that --help lists. Did you mean --seeds?',
    ],
    ["runs/x", '"runs/x" belongs to no flag'],
    ["--loss ipo", '"--loss" is no flag'],
    ["--seeds 0", '--seeds is "0", expected a whole number from 1 to 100'],
    ["--seeds 1.5", '--seeds is "1.5", expected a whole number'],
    ["--members 1,1", '--members is "1,1", expected one to four different whole numbers'],
    ["--members 1,2,3,4,5", "expected one to four"],
    ["--members 0", "from 1 to 64"],
    ["--steps", "--steps has no value"],
    ["--out=", "--out has no value"],
  ] as const
) {
  Deno.test(`parseCompareFlags() refuses ${args} in one line`, () => {
    const error = assertThrows(() => parseCompareFlags(args.split(" ")), UsageError);
    assertStringIncludes(error.message, message);
    assert(error.message.startsWith("Cannot compare: ") && !error.message.includes("\n"));
  });
}

Deno.test("compareHelp() lists every flag with its default, at most 120 columns wide", () => {
  const lines = compareHelp().split("\n");
  for (
    const [flag, shown] of [
      ["seeds", "3"],
      ["members", "1,5"],
      ["steps", "40"],
      ["pairs", "8"],
      ["eval-prompts", "256"],
      ["device", "auto"],
      ["out", "runs/compare"],
      ["markdown", "none"],
    ]
  ) {
    const line = lines.find((line) => line.startsWith(`  --${flag} `));
    assert(line?.includes(` ${shown} `), `--${flag}: ${line}`);
  }
  for (const line of lines) assert(line.length <= 120, line);
});
