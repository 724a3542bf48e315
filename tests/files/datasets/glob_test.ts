import { assertEquals, assertRejects } from "@std/assert";
import { globFiles, isGlob } from "../../../files/datasets/glob.ts";
import { Mistake } from "../../../core/base/mistake.ts";

const FILES = [
  "a1.jsonl",
  "a2.jsonl",
  "b.csv",
  ".hidden.jsonl",
  "sub/a3.jsonl",
  "sub/deep/c.jsonl",
  "x[1].txt",
  "a+.txt",
];

async function withFiles(body: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    for (const file of FILES) {
      await Deno.mkdir(`${dir}/${file}/..`.replace(/\/[^/]+\/\.\.$/, ""), { recursive: true });
      await Deno.writeTextFile(`${dir}/${file}`, "");
    }
    await Deno.symlink(`${dir}/b.csv`, `${dir}/link.csv`);
    await Deno.symlink(dir, `${dir}/sub/circle`);
    await body(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const ROWS: [pattern: string, found: string[]][] = [
  ["*.jsonl", ["a1.jsonl", "a2.jsonl"]],
  ["?.csv", ["b.csv"]],
  ["a?.jsonl", ["a1.jsonl", "a2.jsonl"]],
  ["a[2-9].jsonl", ["a2.jsonl"]],
  ["a[!1].jsonl", ["a2.jsonl"]],
  ["{b,link}.csv", ["b.csv", "link.csv"]],
  ["**/*.jsonl", ["a1.jsonl", "a2.jsonl", "sub/a3.jsonl", "sub/deep/c.jsonl"]],
  ["sub/**", ["sub/a3.jsonl", "sub/deep/c.jsonl"]],
  ["*/*.jsonl", ["sub/a3.jsonl"]],
  ["s*/deep/c.jsonl", ["sub/deep/c.jsonl"]],
  [".h*", [".hidden.jsonl"]],
  ["x[[]1].txt", ["x[1].txt"]],
  ["a+.tx?", ["a+.txt"]],
  ["none/*.jsonl", []],
];
for (const [pattern, found] of ROWS) {
  Deno.test(`globFiles() finds ${pattern}`, () =>
    withFiles(async (dir) => {
      assertEquals(await globFiles(`${dir}/${pattern}`), found.map((file) => `${dir}/${file}`));
    }));
}

Deno.test("globFiles() goes 32 folders deep for **, and no deeper", () =>
  withFiles(async (dir) => {
    const deep = `${dir}/sub/${"d/".repeat(31)}`;
    await Deno.mkdir(`${deep}d`, { recursive: true });
    for (const folder of [deep, `${deep}d/`]) await Deno.writeTextFile(`${folder}deep.txt`, "");
    assertEquals(await globFiles(`${dir}/**/deep.txt`), [`${deep}deep.txt`]);
  }));

Deno.test("globFiles() refuses brackets that are not closed and braces without end", async () => {
  for (const bracket of ["[", "{"]) {
    const error = await assertRejects(() => globFiles(`/tmp/a${bracket}b`), Mistake);
    assertEquals(
      error.message,
      `Cannot find /tmp/a${bracket}b: it has a "${bracket}" that is not closed`,
    );
  }
  await assertRejects(() => globFiles("{a,b}".repeat(11)), Mistake, "over 1000 patterns");
});

Deno.test("isGlob() tells patterns from paths", () => {
  assertEquals(["a/b.csv", "a*", "a?", "[a]", "{a,b}"].map(isGlob), [
    false,
    true,
    true,
    true,
    true,
  ]);
});
