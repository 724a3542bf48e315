import { assertEquals } from "@std/assert";
import { Arena, type Tensor } from "../../../backend/mod.ts";
import { packSequences, uploadBatch } from "../../../core/mod.ts";
import { deviceTest } from "../../support/devices.ts";

deviceTest(
  "uploadBatch() repeats the sequences for every member, with rows counted on",
  async (device) => {
    const packed = packSequences([
      { ids: [7, 8, 9], promptLength: 1 },
      { ids: [4, 5], promptLength: 1 },
    ]);
    using arena = new Arena(device, "test");
    const batch = uploadBatch(arena, packed, 2);
    assertEquals([batch.groups, batch.maxLength], [2, 3]);
    const expected = {
      ids: [7, 8, 9, 4, 5, 7, 8, 9, 4, 5],
      positions: [0, 1, 2, 0, 1, 0, 1, 2, 0, 1],
      starts: [0, 3, 5, 8],
      lengths: [3, 2, 3, 2],
      headRows: [0, 1, 3, 5, 6, 8],
      targets: [8, 9, 5, 8, 9, 5],
      headStarts: [0, 2, 3, 5],
      headCounts: [2, 1, 2, 1],
    };
    const tensors = Object.fromEntries(
      Object.keys(expected).map((name) => [name, batch[name as keyof typeof expected]]),
    ) as Record<string, Tensor>;
    const read = await arena.readAll(tensors);
    for (const [name, values] of Object.entries(expected)) {
      assertEquals(
        [...read[name]],
        values,
        name,
      );
    }
  },
);
