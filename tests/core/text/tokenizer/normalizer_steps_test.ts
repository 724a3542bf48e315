// Every kind of normalizer makes the text that Python's tokenizers makes.
import { assertEquals, assertThrows } from "@std/assert";
import {
  byteCharacters,
  CHARACTER_BYTES,
  normalizerOf,
  patternOf,
} from "../../../../core/text/tokenizer/normalizer_steps.ts";
import { tokenizerFromJson } from "../../../../core/text/tokenizer/tokenizer.ts";
import { kinds, sha256 } from "../../../support/tokenizer_fixtures.ts";
import { Mistake } from "../../../../core/base/mistake.ts";

const { lines, speller, steps } = await kinds();

for (const [name, { sha256: wanted, ...part }] of Object.entries(steps)) {
  if (part.normalizer === undefined) continue;
  Deno.test(`normalizerOf() gives tokenizers' text of 300 lines: ${name}`, async () => {
    const tokenizer = tokenizerFromJson({ ...speller, ...part });
    const ids = lines.map((line) => tokenizer.encode(line));
    assertEquals(await sha256(JSON.stringify(ids)), wanted);
  });
}

Deno.test("normalizerOf() keeps a $ that stands for another character", () => {
  const step = normalizerOf(
    { type: "Replace", pattern: { String: "a" }, content: "$&$" },
    "file",
  );
  assertEquals(step("ab"), "$&$b");
});

Deno.test("normalizerOf() and patternOf() refuse what they do not know, by name", () => {
  const error = assertThrows(() => normalizerOf({ type: "Shell" }, "file"), Mistake);
  assertEquals(
    error.message,
    'Cannot read file: normalizer.type is "Shell", expected one of BertNormalizer, ByteLevel, Lowercase, NFC, NFD, ' +
      "NFKC, NFKD, Nmt, Precompiled, Prepend, Replace, Sequence, Strip, StripAccents",
  );
  assertThrows(() => patternOf({ Glob: "*" }, "file", "x"), Mistake, 'x.pattern is {"Glob":"*"}');
  assertEquals(patternOf({ String: "" }, "file", "x"), undefined);
});

Deno.test("byteCharacters() and CHARACTER_BYTES are each other's inverse over all bytes", () => {
  assertEquals(CHARACTER_BYTES.size, 256);
  const text = "aé\n\u0000日😀";
  const bytes = Array.from(byteCharacters(text), (c) => CHARACTER_BYTES.get(c)!);
  assertEquals(new TextDecoder().decode(Uint8Array.from(bytes)), text);
});
