import { joinColumns, splitColumns } from "../../../backend/reference/columns.ts";
import { assertClose } from "../../support/close.ts";
import { checkGradient, inner } from "../../support/gradcheck.ts";
import { uniform } from "../../support/random.ts";

const part = { groups: 2, stride: 4, offset: 1, width: 2 };

Deno.test("splitColumns() and joinColumns() of known numbers", () => {
  const exact = { rtol: 0, atol: 0 };
  const x = Float64Array.from({ length: 16 }, (_, i) => i);
  const columns = splitColumns(x, 8, part);
  assertClose(columns, [1, 2, 5, 6, 9, 10, 13, 14], exact, "split");
  const last = { columns: [100, 200], groups: 1, stride: 8, offset: 6, width: 1 };
  assertClose(
    joinColumns([{ columns, ...part }, last], 8),
    [0, 1, 2, 0, 0, 5, 106, 0, 0, 9, 10, 0, 0, 13, 214, 0],
    exact,
    "join",
  );
});

Deno.test("joinColumns() equals the central difference of splitColumns()", () => {
  const x = uniform(24, 1), dy = uniform(12, 2);
  const dx = joinColumns([{ columns: dy, ...part }], 8);
  checkGradient((v) => inner(splitColumns(v, 8, part), dy), dx, x, "dx");
});
