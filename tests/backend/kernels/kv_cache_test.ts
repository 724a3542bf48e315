import { assertEquals, assertThrows } from "@std/assert";
import { Arena } from "../../../backend/arena.ts";
import { kvWriteInPlace } from "../../../backend/kernels/kv_cache.ts";
import { kvWrite } from "../../../backend/reference/kv_cache.ts";
import { deviceTest } from "../../support/devices.ts";
import { uniform } from "../../support/random.ts";

for (const [rows, width] of [[1, 1], [63, 5], [65, 64], [130, 16]]) {
  deviceTest(`kvWriteInPlace() equals the reference at [${rows}, ${width}]`, async (device) => {
    const sequences = 7, capacity = 13;
    const cache = uniform(sequences * capacity * width, 1), x = uniform(rows * width, 2);
    // Distinct cells; past position 2 + capacity they leave the cache, as do those below 2.
    const rowSequence = new Uint32Array(rows).map((_, r) => (r + 3) % sequences);
    const positions = new Uint32Array(rows).map((_, r) => Math.floor(r / sequences));
    using arena = new Arena(device, "test");
    const tensor = arena.upload([sequences, capacity, width], cache, "cache");
    const bind = {
      cache: tensor,
      x: arena.upload([rows, width], x, "x"),
      rowSequence: arena.upload([rows], rowSequence, "rowSequence"),
      positions: arena.upload([rows], positions, "positions"),
    };
    kvWriteInPlace(arena, bind);
    const once = kvWrite(cache, x, rowSequence, positions, { capacity, width });
    assertEquals([...await arena.read(tensor)], [...once]);
    kvWriteInPlace(arena, bind, { back: 2 });
    const twice = kvWrite(once, x, rowSequence, positions, { capacity, width, back: 2 });
    assertEquals([...await arena.read(tensor)], [...twice]);
  });
}

deviceTest("kvWriteInPlace() refuses shapes that do not fit", (device) => {
  using arena = new Arena(device, "test");
  const cache = arena.upload([2, 3, 4], uniform(24, 1), "cache");
  const x = arena.upload([2, 5], uniform(10, 1), "x");
  const rows = arena.upload([2], new Uint32Array(2), "rows");
  assertThrows(
    () => kvWriteInPlace(arena, { cache, x, rowSequence: rows, positions: rows }),
    TypeError,
    "x is [2,5], expected [2, 4]",
  );
  assertThrows(
    () => kvWriteInPlace(arena, { cache: x, x, rowSequence: rows, positions: rows }),
    TypeError,
    "cache is [2,5], expected [sequences, capacity, width]",
  );
});
