import { rope } from "../../../backend/reference/rope.ts";
import { assertClose } from "../../support/close.ts";
import { checkGradient, inner } from "../../support/gradcheck.ts";
import { uniform } from "../../support/random.ts";

const sizes = { rows: 3, heads: 2, headDim: 6, theta: 100, back: 1 };
const positions = [1, 5, 9];
const x = uniform(36, 1), dy = uniform(36, 2);

Deno.test("rope() turns a pair of half the head apart by position radians", () =>
  assertClose(
    rope([1, 0], [Math.PI / 6], { rows: 1, heads: 1, headDim: 2, theta: 10000 }),
    [Math.sqrt(3) / 2, 0.5],
    { rtol: 1e-15, atol: 1e-15 },
    "y",
  ));

Deno.test("rope() slows pair i down by theta^(−2i/D)", () =>
  assertClose(
    rope([0, 1, 0, 0], [8], { rows: 1, heads: 1, headDim: 4, theta: 16 }),
    [0, Math.cos(2), 0, Math.sin(2)],
    { rtol: 1e-15, atol: 1e-15 },
    "y",
  ));

Deno.test("rope() of half a head turns its first pairs and leaves the rest", () =>
  assertClose(
    rope([0, 1, 0, 0, 7, 8, 9, 10], [8], {
      rows: 1,
      heads: 1,
      headDim: 8,
      rotaryDim: 4,
      theta: 16,
    }),
    [0, Math.cos(2), 0, Math.sin(2), 7, 8, 9, 10],
    { rtol: 1e-15, atol: 1e-15 },
    "y",
  ));

for (const rotaryDim of [6, 4]) {
  Deno.test(`rope() inverse equals the central difference in x, ${rotaryDim} of 6 turning`, () =>
    checkGradient(
      (v) => inner(rope(v, positions, { ...sizes, rotaryDim }), dy),
      rope(dy, positions, { ...sizes, rotaryDim, inverse: true }),
      x,
      "dx",
    ));
}
