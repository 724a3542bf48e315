import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { BEGIN, comparisonMarkdown, END, replaceMarked } from "../../../cli/compare/markdown.ts";
import type { Comparison } from "../../../cli/compare/table.ts";
import { UsageError } from "../../../cli/terminal/mistake.ts";
import { temporaryFolder } from "../../support/fake_train.ts";

const interval = (value: number, by = 0.05) => ({ value, low: value - by, high: value + by });

const comparison: Comparison = {
  intervals: "95% bootstrap intervals",
  steps: 32,
  pairs: 8,
  prompts: 128,
  seeds: [1, 2, 3],
  devices: ["CPU, two threads"],
  before: {
    winRate: interval(0.5),
    heldOutWinRate: interval(0.49),
    misspelt: 0.021,
    repetition: 0.0349,
  },
  rows: [{
    id: "bpo-ft",
    method: "BPO, F = T",
    phases: 32,
    members: 5,
    winRate: interval(0.8),
    heldOutWinRate: interval(0.6),
    kl: { value: 5.25, low: 4.91, high: 5.5 },
    misspelt: interval(0.02, 0),
    repetition: interval(0.1, 0),
    seconds: 71.4,
    pairs: 256,
    seeds: [],
  }],
};

Deno.test("comparisonMarkdown() is a table of the SFT model and every cell", () => {
  const lines = comparisonMarkdown(comparison).split("\n");
  const cells = (line: string) => line.split("|").slice(1, -1).map((cell) => cell.trim());
  assertEquals(cells(lines[0]).slice(0, 4), ["method", "F", "K", "win rate"]);
  assertEquals(cells(lines[2]), [
    "the SFT model",
    "",
    "",
    "0.500 [0.450, 0.550]",
    "0.490 [0.440, 0.540]",
    "0",
    "2.1%",
    "3.5%",
    "",
  ]);
  assertEquals(cells(lines[3]), [
    "BPO, F = T",
    "32",
    "5",
    "0.800 [0.750, 0.850]",
    "0.600 [0.550, 0.650]",
    "5.3 [4.9, 5.5]",
    "2.0%",
    "10.0%",
    "71",
  ]);
  const note = lines.slice(5).join(" ");
  assertStringIncludes(note, "256 annotated pairs in every run; 3 seeds, 128 evaluation prompts");
  assertStringIncludes(note, "CPU, two threads");
  assertStringIncludes(note, "Brackets: 95% bootstrap intervals");
});

Deno.test("comparisonMarkdown() within a file is as deno fmt would have it", async () => {
  using temporary = await temporaryFolder();
  const path = `${temporary.dir}/README.md`;
  const text = `# Title\n\n${BEGIN}\n\n${END}\n`;
  await Deno.writeTextFile(path, replaceMarked(text, path, comparisonMarkdown(comparison)));
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--check", "--no-config", "--line-width=100", path],
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr));
});

Deno.test("replaceMarked() replaces what is between the marks and nothing else, every time", () => {
  const text = `before\n${BEGIN}\nold\n${END}\nafter`;
  const wanted = `before\n${BEGIN}\n\n| new |\n\n${END}\nafter`;
  assertEquals(replaceMarked(text, "R.md", "| new |\n"), wanted);
  assertEquals(replaceMarked(wanted, "R.md", "| new |\n"), wanted);
});

for (
  const [text, found] of [
    ["nothing", `has no ${BEGIN}`],
    [`${BEGIN} but no end`, `has no ${END}`],
    [`${END} ${BEGIN}`, "has its marks in the wrong order"],
    [`${BEGIN} ${END} ${BEGIN} ${END}`, "has its marks more than once"],
  ]
) {
  Deno.test(`replaceMarked() refuses a file that ${found}`, () => {
    const error = assertThrows(() => replaceMarked(text, "R.md", "x"), UsageError);
    assert(
      error.message.startsWith(`Cannot write the table: --markdown "R.md" ${found}, expected`),
    );
  });
}

Deno.test("comparisonMarkdown() has no column of misspelt words where no list is the model's", () => {
  const { misspelt: _before, ...before } = comparison.before;
  const { misspelt: _row, ...row } = comparison.rows[0];
  const text = comparisonMarkdown({ ...comparison, before, rows: [row] });
  assert(!text.includes("misspelt"), text);
  const [head, , sft, bpo] = text.split("\n").map((line) => line.split("|").length);
  assertEquals([sft, bpo], [head, head]);
});
