import * as reference from "../../../backend/reference/reduce.ts";
import { assertClose } from "../../support/close.ts";
import { checkGradient, inner } from "../../support/gradcheck.ts";
import { uniform } from "../../support/random.ts";

const exact = { rtol: 0, atol: 0 };

Deno.test("sumSquares() and meanGroups() of known numbers", () => {
  assertClose(reference.sumSquares([1, 2, 3, 4], 2), [5, 25], exact, "sumSquares");
  assertClose(reference.meanGroups([1, 2, 3, 6], 2), [2, 4], exact, "meanGroups");
});

Deno.test("expandSegments() equals the central difference of segmentSum()", () => {
  const starts = [1, 6, 4], counts = [3, 1, 0], ds = uniform(3, 1);
  assertClose(
    reference.segmentSum([1, 2, 3, 4, 5, 6, 7], starts, counts),
    [9, 7, 0],
    exact,
    "sums",
  );
  checkGradient(
    (x) => inner(reference.segmentSum(x, starts, counts), ds),
    reference.expandSegments(ds, starts, counts, 8),
    uniform(8, 2),
    "dx",
  );
});

Deno.test("meanGroups() has the gradient 1/G in every element", () => {
  const dy = uniform(5, 1);
  const gradient = [...dy, ...dy, ...dy].map((v) => v / 3);
  checkGradient((x) => inner(reference.meanGroups(x, 3), dy), gradient, uniform(15, 2), "dx");
});
