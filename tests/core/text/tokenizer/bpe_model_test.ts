// Pairs merge by rank, then by place; what the vocabulary lacks is left out, unknown or bytes. (Ids of trained models are
// compared with Python's in tokenizer_pipeline_test.ts.)
import { assertEquals } from "@std/assert";
import { type BpeFile, bpeModel, mergeOf } from "../../../../core/text/tokenizer/bpe_model.ts";
import { processorMs } from "../../../support/cost.ts";

const ids = (...tokens: string[]) => new Map(tokens.map((token, id) => [token, id]));

Deno.test("bpeModel() merges the lowest rank first, of equal ones the first place", () => {
  const split = bpeModel({ merges: ["b c", "a b", "a a"] }, ids("a", "b", "c", "bc", "ab", "aa"));
  assertEquals(split("abc"), ["a", "bc"]);
  assertEquals(split("aaa"), ["aa", "a"]);
  assertEquals(split(""), []);
});

Deno.test("bpeModel() drops the prefix of what is merged, and marks the last symbol", () => {
  const model: BpeFile = {
    merges: [["##b", "##c</w>"], ["a", "##bc</w>"]],
    continuing_subword_prefix: "##",
    end_of_word_suffix: "</w>",
  };
  const split = bpeModel(model, ids("a", "##b", "##c</w>", "##bc</w>", "abc</w>"));
  assertEquals(split("abc"), ["abc</w>"]);
  assertEquals(mergeOf("a ##b", "##"), ["a", "##b", "ab"]);
});

Deno.test("bpeModel() leaves unknown symbols out, fuses them or spells their bytes", () => {
  const vocab = ids("?", "a", "<0xC3>", "<0xA9>");
  const of = (more: Partial<BpeFile>) => bpeModel({ merges: [], ...more }, vocab)("xxaé");
  assertEquals(of({}), ["a"]);
  assertEquals(of({ unk_token: "?" }), ["?", "?", "a", "?"]);
  assertEquals(of({ unk_token: "?", fuse_unk: true }), ["?", "a", "?"]);
  assertEquals(of({ unk_token: "?", byte_fallback: true }), ["?", "?", "a", "<0xC3>", "<0xA9>"]);
  assertEquals(bpeModel({ merges: [], ignore_merges: true }, ids("a", "aa"))("aa"), ["aa"]);
});

Deno.test("bpeModel() takes a piece of a million characters within seconds", () => {
  const split = bpeModel({ merges: ["a a", "aa aa"] }, ids("a", "aa", "aaaa"));
  const start = processorMs();
  assertEquals(split("a".repeat(1_000_000)).length, 250_000);
  const ms = processorMs() - start;
  if (ms > 5000) throw new Error(`it took ${ms} ms, expected at most 5000`);
});
