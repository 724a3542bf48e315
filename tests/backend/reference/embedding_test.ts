import { gatherRows, scatterAddRows } from "../../../backend/reference/embedding.ts";
import { assertClose } from "../../support/close.ts";
import { checkGradient, inner } from "../../support/gradcheck.ts";
import { uniform } from "../../support/random.ts";

const V = 4, cols = 3, ids = [2, 0, 2, 9, 3];

Deno.test("gatherRows() takes rows by number, and zeros past the table", () =>
  assertClose(
    gatherRows([1, 2, 3, 4], [1, 7, 0], { cols: 2 }),
    [3, 4, 0, 0, 1, 2],
    { rtol: 0, atol: 0 },
    "y",
  ));

Deno.test("scatterAddRows() equals the central difference of gatherRows() in the table", () => {
  const dy = uniform(ids.length * cols, 1);
  checkGradient(
    (table) => inner(gatherRows(table, ids, { cols }), dy),
    scatterAddRows(dy, ids, { V, cols }),
    uniform(V * cols, 2),
    "dTable",
  );
});
