import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { BEGIN, END } from "../../../cli/compare/markdown.ts";
import { type CompareOptions, main } from "../../../cli/compare/main.ts";
import type { Comparison } from "../../../cli/compare/table.ts";
import { fakeTrain, temporaryFolder } from "../../support/fake_train.ts";
import { filesBelow, recordingTerminal, tinyWorkspace } from "../../support/tiny_run.ts";

async function runCompare(args: readonly string[], options: Partial<CompareOptions> = {}) {
  const terminal = recordingTerminal();
  const code = await main(args, { terminal, ...options });
  return { code, lines: terminal.lines };
}

Deno.test("main() leaves the table, its data and its figure, and says where", async () => {
  using temporary = await temporaryFolder();
  const { dir } = temporary;
  const readme = `${dir}/README.md`, out = `${dir}/compare`;
  await Deno.writeTextFile(readme, `# Mine\n${BEGIN}\nold\n${END}\nrest\n`);
  const args = ["--seeds", "2", "--out", out, "--markdown", readme];
  const { train, asked } = fakeTrain();
  const { code, lines } = await runCompare(args, { train });
  assertEquals(code, 0, lines.join("\n"));
  assertEquals(asked.length, 16);
  assertMatch(
    lines[0],
    /^16 runs of 40 steps, 8 pairs a step: 4 methods, K = 1 and 5, 2 seeds, in /,
  );
  assertStringIncludes(lines.at(-1)!, `Table: ${out}/compare.md and ${readme}`);
  const names = filesBelow(out).filter((file) => !file.includes("/"));
  assertEquals(names, [
    ".lock",
    "compare.json",
    "compare.md",
    "compare.png",
    "compare.svg",
    "plan.json",
    "references.json",
  ]);
  const { rows, steps, pairs }: Comparison = JSON.parse(
    await Deno.readTextFile(`${out}/compare.json`),
  );
  assertEquals([rows.length, steps, pairs], [8, 40, 8]);
  assertEquals(new Set(rows.map((row) => row.pairs)), new Set([320])); // 40 steps of 8
  const table = await Deno.readTextFile(`${out}/compare.md`);
  assertEquals(
    await Deno.readTextFile(readme),
    `# Mine\n${BEGIN}\n\n${table.trim()}\n\n${END}\nrest\n`,
  );

  const again = fakeTrain();
  assertEquals((await runCompare(args, { train: again.train })).code, 0);
  assertEquals([again.asked, await Deno.readTextFile(`${out}/compare.md`)], [[], table]);
});

for (
  const [args, line] of [
    [["--sede", "2"], "Did you mean --seeds?"],
    [["--steps", "1e9"], "Cannot compare: --steps is 1e9, expected a whole number"],
    [
      ["--markdown", "no-such-file"],
      'Cannot write the table: --markdown "no-such-file" cannot be read',
    ],
    [["--markdown", "deno.json"], `has no ${BEGIN}`],
  ] as const
) {
  Deno.test(`main() with ${args.join(" ")} is one line, exit code 2, and writes nothing`, async () => {
    using temporary = await temporaryFolder();
    const { code, lines } = await runCompare(["--out", `${temporary.dir}/compare`, ...args], {
      train: fakeTrain().train,
    });
    assertEquals([code, lines.length], [2, 1], lines.join("\n"));
    assertStringIncludes(lines[0], line);
    assert(!lines[0].includes("\n"));
    assertEquals(filesBelow(temporary.dir), []);
  });
}

Deno.test("main() --help prints the flags", async () => {
  const { code, lines } = await runCompare(["--help"]);
  assertEquals(code, 0);
  assertStringIncludes(lines.join("\n"), "--markdown FILE");
});

Deno.test("main() ends like any program of a pipe that nobody reads any more", async () => {
  const errors: string[] = [];
  const terminal = {
    ...recordingTerminal(),
    line: () => {
      throw new Deno.errors.BrokenPipe("Broken pipe (os error 32)");
    },
    error: (text: string) => errors.push(text),
  };
  assertEquals([await main(["--help"], { terminal }), ...errors], [141]);
});

Deno.test("main() says how to go on where a run ended early", async () => {
  using temporary = await temporaryFolder();
  const args = ["--out", temporary.dir, "--seeds", "1"];
  const controller = new AbortController();
  const { train } = fakeTrain({
    before: () => {
      controller.abort();
      throw controller.signal.reason;
    },
  });
  const { code, lines } = await runCompare(args, { train, signal: controller.signal });
  assertEquals(code, 130);
  assertEquals(
    lines.at(-1),
    `Interrupted in offline-dpo-k1-seed1; 0 of 8 runs are done. The same command goes on in ${temporary.dir}`,
  );
  assertEquals((await runCompare(args, { train: fakeTrain().train })).code, 0);
});

Deno.test("main() compares a tiny model on the CPU; interrupted and resumed it gives the same", async () => {
  using work = await tinyWorkspace();
  const args = (out: string) => [
    ...["--model", `${work.dir}/model`, "--prompts", `${work.dir}/prompts.txt`, "--device", "cpu"],
    ..."--threads 1 --seeds 1 --members 2 --steps 3 --pairs 2 --max-new 5 --eval-prompts 5".split(
      " ",
    ),
    ...["--out", `${work.dir}/${out}`],
  ];
  const read = async (path: string) => JSON.parse(await Deno.readTextFile(`${work.dir}/${path}`));
  const whole = await runCompare(args("whole"));
  assertEquals(whole.code, 0, whole.lines.join("\n"));
  const { rows }: Comparison = await read("whole/compare.json");
  assertEquals(rows.map(({ id, phases }) => [id, phases]), [
    ["offline-dpo", 1],
    ["on-policy-dpo", 3],
    ["bpo-f2", 2],
    ["bpo-ft", 3],
  ]);
  const methods = await Promise.all(
    rows.map(async ({ id }) => (await read(`whole/${id}-k2-seed1/summary.json`)).method),
  );
  assertEquals(methods, ["offline dpo", "on-policy dpo", "bpo (dpo)", "bpo (dpo)"]);
  for (const { pairs, winRate, kl } of rows) {
    assertEquals(pairs, 6);
    assert(winRate.low <= winRate.value && winRate.value <= winRate.high && kl.value !== 0);
  }
  // Both on-policy runs see the same pairs in their first phase, and differ by the reference alone.
  assertEquals(new Set(rows.map((row) => row.kl.value)).size, 4);

  const stopped = new AbortController(); // in the middle of the second run
  const status = (text: string) => {
    if (/^\[2\/4\] on-policy.* step 1\/3/.test(text)) stopped.abort();
  };
  const terminal = { ...recordingTerminal(), status };
  assertEquals(await main(args("cut"), { terminal, signal: stopped.signal }), 130);
  assertStringIncludes(
    terminal.lines.at(-1)!,
    "Interrupted in on-policy-dpo-k2-seed1; 1 of 4 runs are done",
  );
  assertEquals((await runCompare(args("cut"))).code, 0);
  const bare = ({ rows }: Comparison) => rows.map(({ seconds: _seconds, ...row }) => row);
  assertEquals(bare(await read("cut/compare.json")), bare(await read("whole/compare.json")));
});
