// Every kind of pre-tokenizer cuts where Python's tokenizers cuts.
import { assertEquals, assertThrows } from "@std/assert";
import { preTokenizerOf } from "../../../../core/text/tokenizer/pre_tokenizer_steps.ts";
import { tokenizerFromJson } from "../../../../core/text/tokenizer/tokenizer.ts";
import { kinds, sha256 } from "../../../support/tokenizer_fixtures.ts";
import { Mistake } from "../../../../core/base/mistake.ts";

const { lines, speller, steps } = await kinds();

for (const [name, { sha256: wanted, ...part }] of Object.entries(steps)) {
  if (part.pre_tokenizer === undefined) continue;
  Deno.test(`preTokenizerOf() cuts 300 lines as tokenizers does: ${name}`, async () => {
    const tokenizer = tokenizerFromJson({ ...speller, ...part });
    const ids = lines.map((line) => tokenizer.encode(line));
    assertEquals(await sha256(JSON.stringify(ids)), wanted);
  });
}

Deno.test("preTokenizerOf() refuses kinds, behaviours and lengths that it does not know", () => {
  const rows: [Record<string, unknown>, string][] = [
    [
      { type: "Words" },
      'pre_tokenizer.type is "Words", expected one of BertPreTokenizer, ByteLevel, CharDelimiterSplit, Digits, ' +
      "FixedLength, Metaspace, Punctuation, Sequence, Split, UnicodeScripts, Whitespace, WhitespaceSplit",
    ],
    [
      { type: "Split", pattern: { String: " " }, behavior: "Joined" },
      'pre_tokenizer.behavior is "Joined", expected one of Removed, Isolated, MergedWithPrevious, MergedWithNext, Contiguous',
    ],
    [{ type: "FixedLength", length: 0 }, "pre_tokenizer.length is 0, expected at least 1"],
  ];
  for (const [part, message] of rows) {
    const error = assertThrows(() => preTokenizerOf(part, "file"), Mistake);
    assertEquals(error.message, `Cannot read file: ${message}`);
  }
});
