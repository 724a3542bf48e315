// A stream of ids gives the text of decode(), never half a character.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { streamDecoder } from "../../../../core/text/tokenizer/stream_decoder.ts";
import { tokenizerFromJson } from "../../../../core/text/tokenizer/tokenizer.ts";
import { fixture, readSmall } from "../../../support/tokenizer_fixtures.ts";
import { Mistake } from "../../../../core/base/mistake.ts";

const { hard, small } = await fixture();

for (const name of Object.keys(small)) {
  Deno.test(`streamDecoder() joined is decode(), with ${name}`, async () => {
    const tokenizer = tokenizerFromJson(await readSmall(name));
    hard.forEach((text, i) => {
      const ids = small[name].ids[i];
      const decoder = streamDecoder(tokenizer);
      const parts = ids.map((id) => decoder.push(id));
      const whole = parts.join("") + decoder.flush();
      assertEquals(whole, tokenizer.decode(ids), JSON.stringify(text));
      if (!whole.includes("\ufffd")) assert(!parts.some((part) => part.includes("\ufffd")));
    });
  });
}

const bytes = tokenizerFromJson({
  pre_tokenizer: { type: "ByteLevel", add_prefix_space: false },
  decoder: { type: "ByteLevel" },
  model: { type: "BPE", vocab: { "Ã": 0, "©": 1, h: 2 }, merges: [] },
});

Deno.test("streamDecoder() holds a cut character back, and flush() gives it as U+FFFD", () => {
  const decoder = streamDecoder(bytes);
  assertEquals([2, 0].map((id) => decoder.push(id)), ["h", ""]);
  assertEquals(decoder.flush(), "\ufffd");
  assertEquals([0, 1].map((id) => decoder.push(id)), ["", "é"]); // it began anew
  assertEquals(decoder.flush(), "");
});

Deno.test("streamDecoder() does not wait for ever for bytes that are no text", () => {
  const decoder = streamDecoder(bytes);
  let text = "";
  for (let i = 0; i < 100; i++) text += decoder.push(1);
  assert(text.length > 80, `${text.length} of 100`);
  assertEquals((text + decoder.flush()).length, 100);
});

Deno.test("streamDecoder() refuses an id that the vocabulary has not", () => {
  assertThrows(() => streamDecoder(bytes).push(9), Mistake, "is 9");
});
