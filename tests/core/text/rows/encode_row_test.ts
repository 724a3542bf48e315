import { assertEquals, assertThrows } from "@std/assert";
import { encodeAsked, encodeOne, encodePair } from "../../../../core/text/rows/encode_row.ts";
import { UnusableRow } from "../../../../core/text/rows/report.ts";
import type { Example } from "../../../../core/text/rows/rows.ts";

const tokenizer = {
  ...{ vocabSize: 200, bosId: 1, eosId: 2, padId: 0, decode: () => "x" },
  encode: (text: string) => Array.from(text, (c) => c.charCodeAt(0)),
};
const place = "a.jsonl:1";

Deno.test("encodeOne() gives each kind its own parts, the end token last", () => {
  const rows: [example: Example, parts: Record<string, unknown>][] = [
    [{ kind: "prompt", place, prompt: "a" }, { prompt: [1, 97], cut: { prompt: 0 } }],
    [{ kind: "text", place, text: "ab" }, { prompt: [1], completion: [97, 98, 2] }],
    [{ kind: "completion", place, prompt: "a", completion: "b" }, { completion: [98, 2] }],
    [{ kind: "unpaired", place, prompt: "a", completion: "b", label: true }, { label: true }],
    [{ kind: "preference", place, prompt: "a", chosen: "b", rejected: "c" }, { rejected: [99, 2] }],
  ];
  for (const [example, parts] of rows) {
    const row = encodeOne(example, tokenizer, {}).row as unknown as Record<string, unknown>;
    for (const [name, value] of Object.entries(parts)) assertEquals(row[name], value, example.kind);
  }
});

Deno.test("encodePair() says where the budget made both answers the same", () => {
  const pair = { kind: "preference" as const, place, prompt: "a", chosen: "bc", rejected: "bd" };
  const same = () => encodePair(pair, tokenizer, { maxCompletion: 1 });
  assertThrows(same, UnusableRow, "chosen and rejected are the same within the budget");
});

Deno.test("encodeAsked() counts what the budget cut of a prompt", () => {
  const { row } = encodeAsked({ kind: "prompt", place, prompt: "abc" }, tokenizer, {
    maxPrompt: 2,
  });
  assertEquals(row.cut, { prompt: 2 });
});
