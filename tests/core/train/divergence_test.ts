import { assertEquals } from "@std/assert";
import { divergence } from "../../../core/mod.ts";

const fine = { step: 4, loss: 0.7, gradNorm: 2 };

Deno.test("divergence() is undefined where all is finite", () => {
  assertEquals(divergence(fine, "Lower --lr"), undefined);
  assertEquals(divergence({ ...fine, nonFinite: new Uint32Array(3) }, "Lower --lr"), undefined);
});

const rows: [changes: object, message: string][] = [
  [{ loss: NaN }, "the loss is NaN and the gradient norm 2"],
  [{ gradNorm: Infinity }, "the loss is 0.7 and the gradient norm Infinity"],
  [{ loss: NaN, nonFinite: [1] }, "the loss is NaN and the gradient norm 2"],
  [{ nonFinite: [2] }, "a parameter or a moment is not finite or would not be after the update"],
  [
    { nonFinite: [0, 1, 9] },
    "in members 1, 2 of 3 a parameter or a moment is not finite or would not be after the update",
  ],
];

for (const [changes, message] of rows) {
  Deno.test(`divergence() says: ${message} ${JSON.stringify(changes)}`, () => {
    assertEquals(
      divergence({ ...fine, ...changes }, "Lower --lr")?.message,
      `Cannot go on after step 4: ${message}, expected finite numbers. Lower --lr`,
    );
  });
}
