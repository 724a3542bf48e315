import { assertEquals, assertThrows } from "@std/assert";
import { length, matrix } from "../../backend/checks.ts";
import { Storage } from "../../backend/memory.ts";
import type { Shape, Tensor } from "../../backend/tensor.ts";

function tensor(...shape: Shape): Tensor {
  const storage = new Storage({ bytes: 256, id: 1, generation: 0 }, 256, "x");
  return { storage, shape, dtype: "f32" };
}
const words = (f: () => unknown) => assertThrows(f, TypeError).message;

Deno.test("matrix() sees all axes but the last as rows", () => {
  assertEquals(matrix("op", "x", tensor()), [1, 1]);
  assertEquals(matrix("op", "x", tensor(5)), [1, 5]);
  assertEquals(matrix("op", "x", tensor(2, 3, 4)), [6, 4]);
  assertEquals(matrix("op", "x", tensor(2, 3, 4), 6, 4), [6, 4]);
});

Deno.test("matrix() refuses other rows and other columns, and names what it wants", () => {
  assertEquals(
    words(() => matrix("op", "x", tensor(2, 3), 3)),
    "Cannot run op: x is [2,3], expected [3, 3]",
  );
  assertEquals(
    words(() => matrix("op", "x", tensor(2, 3), undefined, 4)),
    "Cannot run op: x is [2,3], expected [2, 4]",
  );
  assertEquals(
    words(() => matrix("op", "x", tensor(2, 3), 2, 2)),
    "Cannot run op: x is [2,3], expected [2, 2]",
  );
});

Deno.test("length() counts elements whatever the axes", () => {
  length("op", "x", tensor(2, 3), 6);
  length("op", "x", tensor(), 1);
  assertEquals(
    words(() => length("op", "x", tensor(2, 3), 5)),
    "Cannot run op: x is [2,3], expected 5 elements",
  );
});
