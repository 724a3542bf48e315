// deno-lint-ignore-file no-console -- a command prints
// `deno task tamper`: change a byte, cut a file, go on, and count what came of it.
import { parseArgs } from "@std/cli";
import { makeKinds } from "./kinds.ts";
import { tamper, type TamperCounts } from "./tamper.ts";

/** One line of counts. */
export function countsLine(name: string, counts: TamperCounts): string {
  const { changed, cut, refused, identical, otherwise } = counts;
  return `${name}: ${changed} bytes changed and ${cut} cuts: refused by name ${refused}, ` +
    `bit-identical ${identical}, otherwise ${otherwise.length}`;
}

/** Tampers as the flags say; returns the exit code. */
export async function main(
  args: readonly string[],
  print: (line: string) => void,
): Promise<number> {
  const { kind: only, ...given } = parseArgs([...args], {
    string: ["kind", "places", "cuts", "seed"],
    default: { places: "20", cuts: "50", seed: "1" },
  });
  const [places, cuts, seed] = [given.places, given.cuts, given.seed].map(Number);
  const started = performance.now();
  using made = await makeKinds(only === undefined ? undefined : [only]);
  const all: TamperCounts[] = [];
  for (const kind of made.kinds) {
    const counts = await tamper(kind, { places, cuts, seed });
    all.push(counts);
    print(countsLine(kind.name, counts));
    for (const line of counts.otherwise) print(`  ${line}`);
  }
  const sum = (of: (counts: TamperCounts) => number) => all.reduce((n, one) => n + of(one), 0);
  const otherwise = all.flatMap((one) => one.otherwise);
  const whole = {
    changed: sum(({ changed }) => changed),
    cut: sum(({ cut }) => cut),
    refused: sum(({ refused }) => refused),
    identical: sum(({ identical }) => identical),
    otherwise,
  };
  print(`${countsLine("All", whole)} (${((performance.now() - started) / 1000).toFixed(0)} s)`);
  return otherwise.length === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args, console.log));
