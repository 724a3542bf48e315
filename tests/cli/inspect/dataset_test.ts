import { assertEquals, assertRejects } from "@std/assert";
import { inspectDataset } from "../../../cli/inspect/dataset.ts";
import { Mistake } from "../../../core/base/mistake.ts";

async function withFile(name: string, content: string, body: (path: string) => Promise<void>) {
  const dir = await Deno.makeTempDir();
  await Deno.writeTextFile(`${dir}/${name}`, content);
  await body(`${dir}/${name}`);
  await Deno.remove(dir, { recursive: true });
}

Deno.test("inspectDataset() counts rows, columns, examples and reasons, and shows the first row", async () => {
  const rows = [
    {
      prompt: "p".repeat(300),
      chosen: "a",
      rejected: "b",
      n: 3,
      m: [{ role: "user", content: "x" }],
    },
    { prompt: "p", chosen: "", rejected: "b" },
  ];
  await withFile("d.jsonl", rows.map((row) => JSON.stringify(row)).join("\n"), async (path) => {
    const report = await inspectDataset(path, false, {});
    assertEquals([report.rows, report.format, report.examples], [2, "preference", {
      preference: 1,
    }]);
    assertEquals(report.skipped, [{ reason: "chosen is empty", rows: 1, first: `${path}:2` }]);
    assertEquals(report.columns, [
      ..."prompt,chosen,rejected".split(",").map((name) => `${name} (text)`),
      ...["n (number)", "m (messages)"],
    ]);
    const { prompt, m } = report.firstRow as Record<string, string>;
    assertEquals([prompt.length, m], [200, '[{"role":"user","content":"x"}]']);
  });
});

Deno.test("inspectDataset() says that raw prompts end where the assistant is to speak, and which columns nobody reads", async () => {
  const asked = "\n\nHuman: q\n\nAssistant:";
  for (
    const [row, cued] of [
      [{ prompt: asked, chosen: " a", rejected: " b", source: "web" }, 1],
      [{ chosen: `${asked} a`, rejected: `${asked} b` }, 1],
      [{ prompt: "Who is the Assistant: me?", chosen: "a", rejected: "b" }, 0],
    ] as const
  ) {
    await withFile("d.jsonl", JSON.stringify(row), async (path) => {
      const { rawPrompts, notRead } = await inspectDataset(path, false, {});
      assertEquals(String(rawPrompts ?? "").startsWith('1 end in "Assistant:"'), cued === 1);
      assertEquals(notRead, "source" in row ? ["source"] : undefined);
    });
  }
});

Deno.test("inspectDataset() reads to the end: a mistake in the last row is found", async () => {
  await withFile("d.jsonl", '{"odd":1}\n{"odd":2}\n{"od', async (path) => {
    await assertRejects(() => inspectDataset(path, false, {}), Mistake, "line 3 is not JSON");
  });
});
