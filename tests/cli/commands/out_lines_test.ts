import { assertEquals, assertRejects } from "@std/assert";
import { openOutLines, writeLines } from "../../../cli/commands/out_lines.ts";
import { UsageError } from "../../../cli/terminal/mistake.ts";
import { recordingTerminal } from "../../support/tiny_run.ts";

Deno.test("openOutLines() refuses at once what is there, writes all lines and says how many", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const terminal = recordingTerminal();
    assertEquals(await openOutLines("try", undefined, { terminal }), undefined);
    const path = `${dir}/a.jsonl`;
    const out = await openOutLines("try", path, { terminal });
    assertEquals([...Deno.readDirSync(dir)].length, 0, "Expected nothing before it is written");
    await out!.write([{ a: 1 }, { b: [2] }], "answer");
    assertEquals(await Deno.readTextFile(path), '{"a":1}\n{"b":[2]}\n');
    assertEquals(terminal.lines, [`2 answers in ${path}`]);
    await assertRejects(
      () => openOutLines("try", path, { terminal }),
      UsageError,
      `Cannot try: ${path} is already there, expected a new name for --out`,
    );
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("writeLines() replaces a file, each value a line", async () => {
  const path = await Deno.makeTempFile();
  await writeLines(path, [{ text: "a\nb" }, {}]);
  assertEquals(await Deno.readTextFile(path), '{"text":"a\\nb"}\n{}\n');
  await Deno.remove(path);
});
