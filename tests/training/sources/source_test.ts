import { assertEquals } from "@std/assert";
import { newPairsOf, type PairSource } from "../../../training/sources/source.ts";

/** A source that new pairs are a share of. */
class Shared implements Pick<PairSource, "newPairs"> {
  constructor(readonly share: number) {}
  newPairs(pairsPerStep: number): number {
    return this.share * pairsPerStep;
  }
}

Deno.test("newPairsOf() asks a source as its method, and counts all where the source says nothing", () => {
  assertEquals(newPairsOf(new Shared(0.25), 8), 2);
  assertEquals(newPairsOf({}, 8), 8);
  assertEquals(newPairsOf(new Shared(0), 8), 0);
});
