// `deno task compare`: BPO against its rivals on the same budget, from flags to a table and a figure.
import { writeFileDurably } from "../../files/mod.ts";
import { counted } from "../terminal/counted.ts";
import { runConfig } from "../flags/run_config.ts";
import { helpWidth } from "../flags/help.ts";
import { compareHelp, type CompareRequest, parseCompareFlags } from "./flags.ts";
import { comparisonMarkdown, replaceMarked } from "./markdown.ts";
import { METHODS, planOf } from "./plan.ts";
import { compareFigure } from "./plot.ts";
import { makeRuns, ownComparison, type Train } from "./runs.ts";
import { type Comparison, tabulate } from "./table.ts";
import { UsageError } from "../terminal/mistake.ts";
import { quote } from "../../core/base/quote.ts";
import { interruptSignal } from "../terminal/interrupt.ts";
import { processTerminal, type Terminal } from "../terminal/terminal.ts";
import { train } from "../train/train.ts";
import { endOf } from "../terminal/ending.ts";

/** How to compare from another program. */
export interface CompareOptions {
  /** Where to print. */
  readonly terminal: Terminal;
  /** Ends the comparison at the next safe moment, resumable. */
  readonly signal?: AbortSignal;
  /** Instead of the train program. */
  readonly train?: Train;
}

/**
 * Compares as a request says; in a folder that is there it goes on.
 *
 * @returns What compare.json holds.
 * @throws {UsageError} If something that the user gave is wrong.
 * @throws {Interrupted} If a run ended early; the same request goes on.
 */
export async function compare(
  { plan: options, out, markdown }: CompareRequest,
  { terminal, signal = new AbortController().signal, train: trainer = train }: CompareOptions,
): Promise<Comparison> {
  terminal.keepLog?.();
  const plan = planOf(options);
  if (markdown !== undefined) replaceMarked(await readMarkdown(markdown), markdown, ""); // or say now that it cannot
  using _lock = await ownComparison(out, plan);
  const { steps, pairs } = runConfig(plan[0].settings).method;
  terminal.line(
    `${counted(plan.length, "run")} of ${counted(steps, "step")}, ${
      counted(pairs, "pair")
    } a step: ` +
      `${counted(METHODS.length, "method")}, ` +
      `K = ${options.members.join(" and ")}, ${counted(options.seeds, "seed")}, in ${out}`,
  );
  const runs = await makeRuns(out, plan, { terminal, signal, train: trainer });
  const comparison = tabulate(steps, pairs, runs);
  const table = comparisonMarkdown(comparison);
  const figure = await compareFigure(comparison.rows, "Win rate on the same annotation budget");
  const write = async (path: string, content: string | Uint8Array) => {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await writeFileDurably(path, bytes);
  };
  await write(`${out}/compare.json`, JSON.stringify(comparison, null, 2) + "\n");
  await write(`${out}/compare.svg`, figure.svg);
  await write(`${out}/compare.png`, figure.png);
  await write(`${out}/compare.md`, table);
  if (markdown !== undefined) {
    await write(markdown, replaceMarked(await readMarkdown(markdown), markdown, table));
  }
  for (const line of ["", ...table.trimEnd().split("\n"), ""]) terminal.line(line);
  terminal.line(
    `Table: ${out}/compare.md${markdown === undefined ? "" : ` and ${markdown}`} ` +
      `(as data: compare.json; as a figure: compare.png, compare.svg)`,
  );
  return comparison;
}

async function readMarkdown(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError({
      verb: "write",
      thing: "the table",
      found: `--markdown ${quote(path)} cannot be read (${why})`,
      expected: "a file",
    });
  }
}

/**
 * The program: parses, compares, prints, and turns what went wrong into one line and an exit code.
 *
 * @returns 0; 1 where a run ended early; 2 for a user's mistake; 130 for Ctrl-C; 141 where nobody reads the output.
 */
export async function main(args: readonly string[], options: CompareOptions): Promise<number> {
  const { terminal } = options;
  try {
    const command = parseCompareFlags(args);
    if (command.kind === "help") terminal.line(compareHelp(helpWidth(terminal)));
    else await compare(command, options);
    return 0;
  } catch (error) {
    const goOn = (dir: string) => `The same command goes on in ${dir}`;
    return endOf(error, { verb: "compare", goOn }, options);
  }
}

if (import.meta.main) {
  const terminal = processTerminal();
  using signal = interruptSignal(terminal);
  Deno.exit(await main(Deno.args, { terminal, signal }));
}
