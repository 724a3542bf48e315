// How the shaders of the norms go through a row: a workgroup has one, its threads take turns at the columns, and sums over
// it are made in a fixed tree.
import { eachWorkgroupWgsl, WORKGROUP_SUM } from "../workgroup.ts";

/** WGSL: `main` up to where `row` of `p.rows` begins at `start`, D numbers long. */
export const ROW_WGSL: string = /* wgsl */ `${WORKGROUP_SUM}${eachWorkgroupWgsl("row", "p.rows")}
  let start = row * D;`;

/** WGSL: the lines for each column `c` of the row, which is number `at` of the matrix. */
export function eachColumnWgsl(...lines: readonly string[]): string {
  return `for (var c = local; c < D; c += WORKGROUP) {
    let at = start + c;
    ${lines.join("\n    ")}
  }`;
}

/**
 * WGSL: sums over the row's columns by name, each of a term of `c` and `at`; `lines` come before the terms. Between two
 * lots of sums there must be a barrier, as there is between those of one: a fast thread may not write `lanes` while a slow
 * one still reads what the last sum left there.
 */
export function rowSumsWgsl(
  terms: Readonly<Record<string, string>>,
  ...lines: readonly string[]
): string {
  const names = Object.keys(terms);
  return [
    ...names.map((name) => `var ${name}Here = 0.0;`),
    eachColumnWgsl(...lines, ...names.map((name) => `${name}Here += ${terms[name]};`)),
    names.map((name) => `let ${name} = total(local, ${name}Here);`).join(
      "\n  workgroupBarrier();\n  ",
    ),
  ].join("\n  ");
}
