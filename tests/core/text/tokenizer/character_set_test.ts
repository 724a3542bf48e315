import { assertEquals } from "@std/assert";
import { CharacterSet } from "../../../../core/text/tokenizer/character_set.ts";

Deno.test("CharacterSet.has() is JavaScript's own answer, the first time and later", () => {
  for (
    const [source, flags] of [["\\p{L}", ""], ["[^a-z]", "i"], [".", ""], [".", "s"], ["👩", ""]]
  ) {
    const set = new CharacterSet(source, flags);
    const own = new RegExp(`^(?:${source})`, `${flags}u`);
    for (const turn of [1, 2]) {
      for (const c of "aZ \n\u2028é中𝒜👩\u{10ffff}\0") {
        assertEquals(set.has(c.codePointAt(0)!), own.test(c), `${c} of ${source}, ${turn}`);
      }
    }
  }
});
