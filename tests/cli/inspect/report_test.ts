import { assertEquals } from "@std/assert";
import { excerpt, reportLines } from "../../../cli/inspect/report.ts";

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

Deno.test("excerpt() cuts long texts and says so", () => {
  assertEquals([excerpt("abc", 3), excerpt("abcd", 3)], ["abc", "ab…"]);
});
