// Flags of `deno task compare`: its own few, and those of `deno task train` that all runs may share.
import { parseArgs } from "@std/cli";
import { SIZES } from "./plan.ts";
import type { PlanOptions } from "./plan.ts";
import type { Flag } from "../flags/kinds.ts";
import { TRAIN_FLAGS } from "../flags/train_table.ts";
import { STORIES_PRESET } from "../flags/train_request.ts";
import { dashed } from "../flags/parser.ts";
import { UsageError } from "../terminal/mistake.ts";
import { quote } from "../../core/base/quote.ts";
import { flagRow } from "../flags/help.ts";
import { didYouMean } from "../../core/base/nearest.ts";

/** What the arguments ask for. */
export type CompareCommand =
  | { readonly kind: "help" }
  | ({ readonly kind: "compare" } & CompareRequest);

/** A comparison to make. */
export interface CompareRequest {
  /** What is run. */
  readonly plan: PlanOptions;
  /** Its folder. */
  readonly out: string;
  /** File whose marked part the table replaces. */
  readonly markdown?: string;
}

type Row = readonly [name: string, value: string, shown: string, help: string];

const OWN: readonly Row[] = [
  ["seeds", "N", String(SIZES.seeds), "Runs of every cell, with seeds 1 to N"],
  ["members", "K,K", SIZES.members.join(), "Numbers of LoRA adapters to compare, at most four"],
  ["out", "DIR", "runs/compare", "Folder of the comparison; the same again goes on with it"],
  [
    "markdown",
    "FILE",
    "none",
    "Put the table between <!-- compare:begin --> and <!-- compare:end --> too",
  ],
];

/** Flags of train that a comparison hands on. */
const SHARED: readonly Flag[] = [
  "steps",
  "pairs",
  "max-new",
  "eval-prompts",
  "device",
  "threads",
  "model",
  "prompts",
].map((name) => TRAIN_FLAGS.find((flag) => flag.name === name)!);

/** Values by name, and what stands alone. */
interface Parsed {
  readonly [name: string]: unknown;
  readonly _: readonly (string | number)[];
}

/**
 * Reads the arguments; values of shared flags are checked where the plan is laid out.
 *
 * @param args As in `Deno.args`.
 * @throws {UsageError} If a flag is unknown, or one of the comparison's own has a bad value.
 */
export function parseCompareFlags(args: readonly string[]): CompareCommand {
  const names = [...OWN.map(([name]) => name), ...SHARED.map(({ name }) => name)];
  const strange: string[] = [];
  const parsed: Parsed = parseArgs([...args], {
    string: names,
    boolean: ["help"],
    alias: { help: "h" },
    unknown: (arg: string) => {
      strange.push(arg);
      return false;
    },
  });
  if (parsed.help === true) return { kind: "help" };
  const [arg] = [...strange, ...parsed._.map(String)];
  if (arg !== undefined) refuse(arg, ["help", ...names]);
  const given = (name: string): string | undefined => {
    const value = parsed[name];
    if (value === "") {
      throw new UsageError({ verb: "compare", found: `--${name} has no value`, expected: "one" });
    }
    return value === undefined ? undefined : String(value);
  };
  const markdown = given("markdown");
  return {
    kind: "compare",
    plan: {
      seeds: readSeeds(given("seeds")),
      members: readMembers(given("members")),
      shared: Object.fromEntries(SHARED.flatMap(({ name }) => {
        const value = given(name);
        return value === undefined ? [] : [[name, value]];
      })),
    },
    out: given("out")?.replace(/(?<=.)\/+$/, "") ?? "runs/compare",
    ...(markdown === undefined ? {} : { markdown }),
  };
}

function refuse(arg: string, names: readonly string[]): never {
  const name = arg.replace(/^-+/, "").replace(/=.*$/s, "");
  if (arg.startsWith("--") && names.includes(name)) { // as in `--out=`
    const wanted = name === "help" ? "none and no =" : "one";
    throw new UsageError({ verb: "compare", found: `--${name} has no value`, expected: wanted });
  }
  const what = arg.startsWith("-") ? "is no flag" : "belongs to no flag";
  throw new UsageError({
    verb: "compare",
    found: `${quote(arg)} ${what}`,
    expected: `flags that --help lists.${didYouMean(name, names, dashed)}`,
  });
}

function readSeeds(text: string | undefined): number {
  if (text === undefined) return SIZES.seeds;
  if (isWhole(text, 100)) return Number(text);
  throw new UsageError({
    verb: "compare",
    found: `--seeds is ${quote(text)}`,
    expected: "a whole number from 1 to 100",
  });
}

function readMembers(text: string | undefined): readonly number[] {
  if (text === undefined) return SIZES.members;
  const parts = text.split(",").map((part) => part.trim());
  const good = parts.length <= 4 && parts.every((part) => isWhole(part, 64));
  const members = [...new Set(parts.map(Number))];
  if (good && members.length === parts.length) return members.sort((a, b) => a - b);
  throw new UsageError({
    verb: "compare",
    found: `--members is ${quote(text)}`,
    expected: "one to four different whole numbers from 1 to 64, such as 1,5",
  });
}

function isWhole(text: string, most: number): boolean {
  return /^\d{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= most;
}

/** What `--help` prints. */
export function compareHelp(width = 120): string {
  const usual = { ...SIZES.shared, "max-new": String(STORIES_PRESET.maxNew) };
  const sizes: Readonly<Record<string, string>> = usual;
  const rows: Row[] = [
    ...OWN,
    ...SHARED.map(({ name, value, default: own, shownDefault, help }): Row => [
      name,
      value,
      sizes[name] ?? shownDefault ?? String(own),
      help,
    ]),
  ];
  const left = (row: Row) => `  --${row[0]} ${row[1]}`;
  const first = Math.max(...rows.map((row) => left(row).length)) + 2;
  const second = Math.max(...rows.map((row) => row[2].length)) + 2;
  return [
    "Usage: deno task compare [flags]",
    "",
    "Compares BPO with offline and on-policy DPO: same prompts, same annotation budget, same hyperparameters.",
    "It can be stopped at any moment; the same command goes on where it was.",
    "",
    "".padEnd(first) + "default",
    ...rows.flatMap((row) => flagRow([left(row), row[2], row[3]], [first, second], width)),
    ...flagRow(["  --help", "", "Show this text"], [first, second], width),
  ].join("\n");
}
