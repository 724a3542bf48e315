import { assertEquals, assertRejects } from "@std/assert";
import { annotateInParts, writeAnnotated } from "../../../cli/commands/annotate_in_parts.ts";
import { readChained } from "../../../cli/folder/chained_log.ts";
import { recordingTerminal } from "../../support/tiny_run.ts";

const items = Array.from({ length: 40 }, (_, i) => ({ place: `p:${i}` }));

Deno.test("annotateInParts() goes on after the log, and keeps every part before the next begins", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const log = `${dir}/v.jsonl`;
    const open = async () => ({
      log,
      lines: await readChained(log).catch(() => []),
      begin: () => Promise.resolve(),
    });
    const terminal = recordingTerminal();
    const asked: number[][] = [];
    const annotateTo = async (most: number) =>
      await annotateInParts(await open(), {
        items,
        noun: "dog",
        fixed: (item) => item,
        annotate(part, from) {
          asked.push([from, part.length]);
          if (from >= most) return Promise.reject(new Error("no more"));
          return Promise.resolve(part.map((item) => ({ ...item, verdict: { outcome: "a" } })));
        },
      }, { terminal });
    await assertRejects(() => annotateTo(20), Error, "no more");
    assertEquals(
      (await readChained(log)).map(({ place }) => place),
      items.slice(0, 32).map((x) => x.place),
    );
    await annotateTo(40);
    assertEquals(asked, [[0, 16], [16, 16], [32, 8], [32, 8]]);
    assertEquals(terminal.lines, ["Going on after 32 dogs"]);

    const counts = { pairs: 40, ties: 0, failed: 0, more: "kept" };
    const written = await writeAnnotated("out.jsonl", await open(), (verdicts) => {
      assertEquals([verdicts.length, verdicts[39].outcome], [40, "a"]);
      return Promise.resolve(counts);
    }, { terminal });
    assertEquals(written, counts);
    assertEquals(
      terminal.lines[1],
      `40 pairs in out.jsonl; left out: 0 ties, 0 without a verdict (all in ${log})`,
    );
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
