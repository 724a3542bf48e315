// Every kind of decoder makes the text that Python's tokenizers makes.
import { assertEquals, assertThrows } from "@std/assert";
import { decoderOf } from "../../../../core/text/tokenizer/decoder_steps.ts";
import { tokenizerFromJson } from "../../../../core/text/tokenizer/tokenizer.ts";
import { kinds, sha256 } from "../../../support/tokenizer_fixtures.ts";
import { Mistake } from "../../../../core/base/mistake.ts";

const { decoded, decoders, words } = await kinds();
const vocab = Object.fromEntries(words.map((word, id) => [word, id]));

for (const [name, { decoder, sha256: wanted }] of Object.entries(decoders)) {
  Deno.test(`decoderOf() gives tokenizers' text of 400 lists: ${name}`, async () => {
    const model = { type: "WordLevel", vocab, unk_token: "<unk>" };
    const tokenizer = tokenizerFromJson({ decoder, model, added_tokens: [] });
    const texts = decoded.map((ids) => tokenizer.decode(ids));
    assertEquals(await sha256(JSON.stringify(texts)), wanted);
  });
}

Deno.test("decoderOf() refuses kinds that it does not know, by name", () => {
  const error = assertThrows(() => decoderOf({ type: "Zip" }, "file"), Mistake);
  assertEquals(
    error.message,
    'Cannot read file: decoder.type is "Zip", expected one of BPEDecoder, ByteFallback, ByteLevel, CTC, Fuse, ' +
      "Metaspace, Replace, Sequence, Strip, WordPiece",
  );
});
