// The mathematics of every loss, in f64: formula, slopes, symmetry, extremes, kinks.

import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import type { LossInput } from "../../losses/mod.ts";
import { lossTable, moved, pairs, start, swapped } from "./table.ts";

const h = 1e-4;

for (const { title, loss, start: known, swap, kink } of lossTable) {
  Deno.test(`${title}: value() and slopes() at the start are the known ones`, () => {
    assertAlmostEquals(loss.value(start), known.value, 1e-15 * known.value);
    const { dw, dl } = loss.slopes(start);
    assertAlmostEquals(dw, known.slopes.dw, 1e-15);
    assertAlmostEquals(dl, known.slopes.dl, 1e-15);
  });

  Deno.test(`${title}: slopes() are the central differences of value()`, () => {
    for (const x of pairs) {
      for (const side of ["dw", "dl"] as const) {
        const up = moved(x, side, h), down = moved(x, side, -h);
        const numeric = (loss.value(up) - loss.value(down)) / (up[side] - down[side]);
        const exact = loss.slopes(x)[side];
        assert(
          Math.abs(exact - numeric) <= 1e-7 * Math.abs(exact) + 1e-12,
          `∂L/∂${side} is ${exact}, central difference ${numeric}, at ${JSON.stringify(x)}`,
        );
      }
    }
  });

  if (swap !== undefined) {
    Deno.test(`${title}: value() of the swapped pair differs by the closed form`, () => {
      for (const x of pairs) {
        const found = loss.value(swapped(x)) - loss.value(x);
        const size = Math.abs(loss.value(x)) + Math.abs(loss.value(swapped(x)));
        assertAlmostEquals(found, swap(x), 1e-14 * size, JSON.stringify(x));
      }
    });
  }

  Deno.test(`${title}: value() and slopes() stay finite at extremes`, () => {
    const ends = [-1e6, -2000, -89, 0, 89, 2000, 1e6];
    for (const a of ends) {
      for (const b of ends) {
        for (const n of [0, 1, 4096]) {
          const x: LossInput = { dw: a, dl: b, nw: n, nl: n, lw: a, ll: b };
          const { dw, dl } = loss.slopes(x);
          const all = [loss.value(x), dw, dl];
          assert(all.every(Number.isFinite), `${all} at ${JSON.stringify(x)}`);
        }
      }
    }
  });

  if (kink !== undefined) {
    Deno.test(`${title}: slopes() take the flat side at the kink`, () => {
      assertEquals(loss.slopes(moved(kink.at, "dw", -1e-6)), kink.below);
      assertEquals(normal(loss.slopes(moved(kink.at, "dw", 1e-6))), kink.above);
      assertEquals(normal(loss.slopes(kink.at)), kink.above);
    });
  }

  Deno.test(`${title}: rewardScale, needsReference and options describe it`, () => {
    assertEquals(loss.rewardScale, Number(loss.options.beta ?? loss.options.tau ?? 1));
    const other = { ...start, dw: 3, dl: -2 };
    assertEquals(loss.value(other) !== loss.value(start), loss.needsReference);
    assert(title.startsWith(loss.name));
    for (const option of Object.values(loss.options)) assert(title.includes(String(option)), title);
  });
}

/** −0 reads as 0: a slope of −0 is no slope. */
function normal({ dw, dl }: { dw: number; dl: number }): { dw: number; dl: number } {
  return { dw: dw + 0, dl: dl + 0 };
}
