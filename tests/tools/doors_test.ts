import { assertEquals } from "@std/assert";
import { checkDoors, cycles, longFiles } from "../../tools/doors.ts";
import { temporaryTree } from "./temporary.ts";

/** A house in order, to break one thing at a time. */
const HOUSE: Record<string, string> = {
  "deno.json": JSON.stringify({
    name: "@leash/house",
    version: "0.1.0",
    exports: { ".": "./mod.ts", "./losses": "./losses/mod.ts" },
  }),
  "mod.ts": 'export * from "./losses/mod.ts"; export * from "./core/train/step.ts";',
  "losses/mod.ts": 'export { dpo } from "./dpo.ts";',
  "losses/dpo.ts": "/** Not Deno.exit. */ export function dpo(): number { return 1; } // Deno.exit",
  "backend/tensor.ts": "export interface Tensor { shape: number[] }\nexport type Shape = number[];",
  "core/train/step.ts":
    'import { dpo } from "../../losses/mod.ts"; import type { Tensor } from "../../backend/tensor.ts";\n' +
    "export function step(_t: Tensor): number { return dpo(); }",
  "files/file.ts": "export function read(): string { return Deno.readTextFileSync('x'); }",
  "examples/a.ts": 'import { step } from "@leash/house"; step({ shape: [1] });',
  "tests/losses/dpo_test.ts": 'import "../../losses/dpo.ts";',
  "tests/core/train/step_test.ts": 'import "../../../core/train/step.ts";',
  "tests/files/file_test.ts": 'import "../../files/file.ts";',
};

async function errorsWith(files: Record<string, string>): Promise<string[]> {
  using tree = temporaryTree({ ...HOUSE, ...files });
  return await checkDoors(tree.root);
}

Deno.test("checkDoors() passes a house in order", async () => {
  assertEquals(await errorsWith({}), []);
});

const broken: [name: string, files: Record<string, string>, errors: string[]][] = [
  [
    "losses importing core",
    { "losses/dpo.ts": 'import type {} from "../core/train/step.ts"; export const dpo = () => 1;' },
    ["losses/dpo.ts: imports core/train/step.ts, and losses may import nothing of ours"],
  ],
  [
    "core importing the scheduler",
    {
      "core/train/step.ts": 'export { a as step } from "../../scheduler/a.ts";',
      "scheduler/a.ts": "export const a = 1;",
      "tests/scheduler/a_test.ts": "",
    },
    ["core/train/step.ts: imports scheduler/a.ts, and core may import backend, losses"],
  ],
  [
    "an example importing the command line, by way of import()",
    {
      "examples/a.ts": 'await import("../cli/train/main.ts");',
      "cli/train/main.ts": "export const a = 1;",
      "tests/cli/train/main_test.ts": "",
    },
    [
      "examples/a.ts: imports cli/train/main.ts, and examples may import " +
      "mod.ts, losses, backend, core, scheduler, training, files, stories",
    ],
  ],
  [
    "an import back up the stairs",
    {
      "core/base/a.ts": 'export type { Row } from "../text/rows/row.ts"; export const a = 1;',
      "core/text/rows/row.ts": 'import "../../base/a.ts"; export interface Row {}',
      "tests/core/base/a_test.ts": "",
    },
    [
      "core/base/a.ts: imports core/text/rows/row.ts, which is above it; the floors of core are " +
      "base, text/template, text/tokenizer, text/rows, lora, batch, ops, optim, " +
      "annotator, judge, eval, model, policy, formats, train",
    ],
  ],
  [
    "an import of the hall",
    { "core/train/step.ts": 'import "../mod.ts"; export const step = 1;', "core/mod.ts": "" },
    ["core/train/step.ts: imports core/mod.ts of the hall, expected a floor below"],
  ],
  [
    "a folder on no floor",
    { "core/attic/a.ts": "export interface A {}" },
    ["core/attic/a.ts: is on no floor of core; give it one in tools/doors.ts"],
  ],
  [
    "a full folder",
    Object.fromEntries(
      Array.from({ length: 26 }, (_, i) => [`losses/many/${i}.ts`, "export interface A {}"]),
    ),
    ["losses/many: holds 26 files, expected at most 25; make rooms of it"],
  ],
  [
    "a room that is not in the plan",
    { "attic/a.ts": 'import "../losses/dpo.ts";' },
    ["attic/a.ts: attic is no room; give it its doors in tools/doors.ts"],
  ],
  [
    "a cycle",
    {
      "core/a.ts": 'import "./b.ts"; export const a = 1;',
      "core/b.ts": 'import "./a.ts"; export const b = 1;',
      "tests/core/a_test.ts": "",
      "tests/core/b_test.ts": "",
    },
    ["core/a.ts: imports itself through core/b.ts → core/a.ts"],
  ],
  [
    "Deno in a browser's room",
    { "losses/dpo.ts": "/**\n * Deno.exit\n */\nexport const dpo = () => Deno.version;" },
    ["losses/dpo.ts:4: says Deno. and must run in a browser; files may"],
  ],
  [
    "Node in a browser's room",
    { "core/train/step.ts": 'import "node:fs"; export const step = 1;' },
    ['core/train/step.ts:1: says "node: and must run in a browser; files may'],
  ],
  [
    "a source file without a mirror",
    { "backend/tensor.ts": "export const size = 4;" },
    ["backend/tensor.ts: has no mirror test tests/backend/tensor_test.ts"],
  ],
  [
    "an import of nothing",
    { "core/train/step.ts": 'import "./gone.ts"; export const step = 1;' },
    ["core/train/step.ts imports core/train/gone.ts, which is not there"],
  ],
  [
    "a long file",
    { "bench/long.ts": "\n".repeat(301), "tests/long.ts": "\n".repeat(400) },
    ["bench/long.ts: has 301 lines, expected at most 300; split it or give the reason in ARCHITECTURE.md"],
  ],
];

for (const [name, files, errors] of broken) {
  Deno.test(`checkDoors() refuses ${name}`, async () => {
    assertEquals(await errorsWith(files), errors);
  });
}

Deno.test("longFiles() takes a reason, while it is needed", () => {
  const files = [{ path: "a.ts", text: "\n".repeat(301) }, {
    path: "b.ts",
    text: "\n".repeat(300),
  }];
  assertEquals(longFiles(files, "- `a.ts` (301 lines): a table of names"), []);
  assertEquals(longFiles(files, "- `a.ts` (301 lines):"), [
    "a.ts: has 301 lines, expected at most 300; split it or give the reason in ARCHITECTURE.md",
  ]);
  assertEquals(longFiles([files[1]], "- `b.ts` (301 lines): it was longer"), [
    "ARCHITECTURE.md: gives a reason for b.ts, which is not over 300 lines",
  ]);
});

Deno.test("cycles() lets types and later imports pass", () => {
  const edge = { isTypeOnly: false, isDynamic: false };
  const there = { from: "a.ts", to: "b.ts", ...edge };
  const back = { from: "b.ts", to: "a.ts", ...edge };
  assertEquals(cycles([there, { ...back, isTypeOnly: true }]), []);
  assertEquals(cycles([there, { ...back, isDynamic: true }]), []);
  assertEquals(cycles([there, back]).length, 1);
});
