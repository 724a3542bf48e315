import { assertEquals } from "@std/assert";
import { distinctShare, meanQuality } from "../../stories/text_quality.ts";
import { textMetrics } from "../../stories/text_metrics.ts";
import { measureTexts } from "../../training/mod.ts";

const TEXTS = ["the cat saw the cat saw the dgo .", "the cat saw me"];

Deno.test("textMetrics() are those of text_quality.ts, misspelling where there is a word list", () => {
  const known = new Set(["the", "cat", "saw", "me"]);
  const quality = meanQuality(TEXTS, known);
  const distinct3 = distinctShare(TEXTS, 3);
  const { repetition, misspelt, words } = quality;
  assertEquals(Object.values(quality).every((value) => value > 0), true);
  assertEquals(
    Object.entries(measureTexts(TEXTS, textMetrics(known))),
    Object.entries({ repetition, misspelt, distinct3, words }),
  );
  assertEquals(
    Object.entries(measureTexts(TEXTS, textMetrics())),
    Object.entries({ repetition, distinct3, words }),
  );
});
