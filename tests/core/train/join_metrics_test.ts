import { assertEquals } from "@std/assert";
import { Arena } from "../../../backend/mod.ts";
import { microBatches, preferenceBatch } from "../../../core/mod.ts";
import { JoinedMetrics } from "../../../core/train/join_metrics.ts";
import { deviceTest } from "../../support/devices.ts";

deviceTest(
  "JoinedMetrics puts each part's numbers where the whole batch has them",
  async (device) => {
    const pair = (chosen: number, rejected: number) => ({
      prompt: [1],
      ...{ chosen: Array(chosen).fill(2), rejected: Array(rejected).fill(3) },
      ...{ referenceChosen: -1, referenceRejected: -1 },
    });
    const batch = preferenceBatch([pair(2, 1), pair(1, 3), pair(1, 1)], {
      ...{ snapshotId: "s", referenceId: "s", requireSame: true },
    });
    const kinds = { t: "token", s: "sequence", e: "example", m: "member" } as const;
    using arena = new Arena(device, "test");
    const joined = new JoinedMetrics(arena, 2, microBatches(batch)[0], kinds);
    for (const part of microBatches(batch, 2)) {
      // A number that says what it is of: member, sequence (or example), token.
      const each = (of: (k: number) => number[]) => {
        const all = new Float32Array([...of(0), ...of(1)]);
        return arena.upload([all.length], all, "own");
      };
      const counts = [...part.packed.headCounts];
      joined.take(part, {
        t: each((k) =>
          part.sequences.flatMap((place, s) =>
            Array.from({ length: counts[s] }, (_, i) => 100 * k + 10 * place + i)
          )
        ),
        s: each((k) => part.sequences.map((place) => 100 * k + place)),
        e: each((k) => part.examples.map((place) => 100 * k + place)),
        m: each((k) => [k]),
      });
    }
    const read = await arena.readAll(joined.metrics);
    const both = (one: number[]) => [...one, ...one.map((x) => 100 + x)];
    assertEquals([...read.t], both([0, 1, 10, 20, 30, 40, 41, 42, 50]));
    assertEquals([...read.s], both([0, 1, 2, 3, 4, 5]));
    assertEquals([...read.e], both([0, 1, 2]));
    assertEquals([...read.m], [0, 1]);
  },
);
