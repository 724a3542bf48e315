import { assert, assertEquals } from "@std/assert";
import {
  firstTile,
  headVectors,
  lanes,
  ownVectors,
  seenKeys,
  skipUnseen,
  tileRows,
  tiles,
} from "../../../../backend/kernels/attention/wgsl.ts";

const heads = Array.from({ length: 256 }, (_, i) => i + 1);

Deno.test("tiles() fit the 16 KB of workgroup memory at every head, in rows by fours", () => {
  for (const D of heads) {
    const code = tiles({ D });
    const arrays = [...code.matchAll(/var<workgroup> \w+: array<vec4<f32>, (\d+)>/g)];
    assertEquals(arrays.length, lanes({ D }) === 1 ? 2 : 3);
    const bytes = arrays.reduce((sum, [, n]) => sum + 16 * Number(n), 0);
    assert(bytes <= 16384, `${bytes} bytes at D ${D}`);
    assertEquals(tileRows({ D }) % 4, 0);
    assert(tileRows({ D }) >= 4);
  }
});

Deno.test("ownVectors() of the threads that share a head hold it, in at most 32 registers of four", () => {
  for (const D of heads) {
    assert(4 * headVectors({ D }) >= D && 4 * headVectors({ D }) < D + 4 * lanes({ D }));
    assertEquals(headVectors({ D }), lanes({ D }) * ownVectors({ D }));
    assert(ownVectors({ D }) <= 32);
  }
});

Deno.test("firstTile(), seenKeys() and skipUnseen() say nothing of a window where there is none", () => {
  const whole = { D: 64, WINDOW: 0 }, some = { D: 64, WINDOW: 9 };
  for (const  of of[(f: typeof whole) => firstTile(f, "i"), seenKeys, skipUnseen]) {
    assert(!of(whole).includes("WINDOW"));
    assert(of(some).includes("WINDOW"));
  }
  assertEquals(skipUnseen({ D: 256, WINDOW: 9 }), "", "barriers must be met by all threads");
});
