import { assert, assertEquals } from "@std/assert";
import { excerpt, reportJson, reportLines } from "../../../cli/inspect/report.ts";

Deno.test("reportLines() aligns names, shows sizes as sizes, and indents what is nested", () => {
  const report = {
    ...{ kind: "model folder", path: "m", vocabSize: 12345, fileBytes: 2048, tied: true },
    ...{ padding: null, list: ["a", "b"], empty: [], absent: undefined },
    types: [{ dtype: "F32", tensors: 2, bytes: 1024 }],
    deviceBytes: { f32: 4096 },
  };
  assertEquals(reportLines(report), [
    "m: model folder",
    "  vocab size    12,345",
    "  file bytes    2 KiB",
    "  tied          yes",
    "  padding       none",
    "  list          a, b",
    "  empty         none",
    "  types",
    "    F32, tensors 2, bytes 1 KiB",
    "  device bytes",
    "    f32  4 KiB",
  ]);
});

Deno.test("reportLines() shows what a file says on one line without control characters", () => {
  const [, line] = reportLines({ kind: "k", path: "p", text: "a\n\u001b[2J\u0085b" });
  assertEquals(line, '  text  "a\\n\\u001b[2J\\u0085b"');
});

Deno.test("reportLines() and reportJson() show names and paths of a file without control characters too", () => {
  const column = "a\u001b[31m\u202eb\u0085";
  const report = {
    ...{ kind: "k", path: "p\u001b]0;t\u0007" },
    firstRow: { [column]: 1 },
    columns: [`${column} (number)`, "x"],
    skipped: [{ reason: "r", first: column }],
  };
  const text = [...reportLines(report), reportJson(report)].join("\n");
  assert(!/[\p{Cc}\u202e]/u.test(text.replaceAll("\n", "")), text);
  assertEquals(JSON.parse(reportJson(report)), report);
  assertEquals(reportLines(report)[0], '"p\\u001b]0;t\\u0007": k');
  assertEquals(reportLines(report)[2], '    "a\\u001b[31m\\u202eb\\u0085"  1');
});

Deno.test("excerpt() cuts long texts and says so", () => {
  assertEquals([excerpt("abc", 3), excerpt("abcd", 3)], ["abc", "ab…"]);
});
