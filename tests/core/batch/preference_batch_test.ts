import { assertEquals, assertThrows } from "@std/assert";
import { preferenceBatch, type TokenPair } from "../../../core/mod.ts";

const pairs: TokenPair[] = [
  { prompt: [1, 5], chosen: [7, 2], rejected: [8], referenceChosen: -3, referenceRejected: -4 },
  { prompt: [1], chosen: [9], rejected: [6, 6, 2], referenceChosen: -5, referenceRejected: -6 },
];
const same = { snapshotId: "s", referenceId: "s", requireSame: true };

Deno.test("preferenceBatch() packs chosen rows first, prompt then completion, with their references", () => {
  const { packed, reference, ...rest } = preferenceBatch(pairs, same);
  assertEquals(rest, { pairs: 2, snapshotId: "s", referenceId: "s" });
  assertEquals([...packed.ids], [1, 5, 7, 2, 1, 9, 1, 5, 8, 1, 6, 6, 2]);
  assertEquals([...packed.targets], [7, 2, 9, 8, 6, 6, 2]);
  assertEquals([...packed.headCounts], [2, 1, 1, 3]);
  assertEquals([...reference], [-3, -5, -4, -6]);
});

Deno.test("preferenceBatch() refuses a reference that is not the snapshot, where they must be the same", () => {
  const ids = { snapshotId: "snapshot-3", referenceId: "snapshot-4" };
  assertThrows(
    () => preferenceBatch(pairs, { ...ids, requireSame: true }),
    RangeError,
    "Cannot score the batch: its snapshot is snapshot-3 and the reference is snapshot-4, expected the snapshot that generated it",
  );
  assertEquals(preferenceBatch(pairs, { ...ids, requireSame: false }).referenceId, "snapshot-4");
});

Deno.test("preferenceBatch() refuses an empty list", () => {
  assertThrows(() => preferenceBatch([], same), RangeError, "it has 0 pairs, expected at least 1");
});

Deno.test("preferenceBatch() refuses a reference log-prob that is none, or none in f32, and names it", () => {
  for (
    const [value, shown] of [[NaN, "NaN"], [Infinity, "Infinity"], [-1e39, "-Infinity"]] as const
  ) {
    const message = (answer: string) =>
      `Cannot score the batch: the reference log-prob of the ${answer} answer of pair 1 is ${shown}, expected a finite number`;
    const batch = (changes: Partial<TokenPair>) =>
      preferenceBatch([pairs[0], { ...pairs[1], ...changes }], same);
    assertThrows(() => batch({ referenceChosen: value }), RangeError, message("chosen"));
    assertThrows(() => batch({ referenceRejected: value }), RangeError, message("rejected"));
  }
});
