import { assert, assertEquals } from "@std/assert";
import { Addresses } from "../../../backend/cpu/addresses.ts";
import { integers } from "../../support/random.ts";

Deno.test("Addresses.take() fills the smallest gap that fits, at multiples of 64, then goes on at the end", () => {
  const all = new Addresses(128);
  const [a, b, c, d, e] = [100, 64, 300, 64, 10].map((bytes) => all.take(bytes));
  assertEquals([a, b, c, d, e, all.end], [128, 256, 320, 640, 704, 768]);
  all.give(a, 100);
  all.give(c, 300);
  assertEquals([all.take(120), all.take(64), all.take(250)], [128, 320, 384]);
  assertEquals([all.take(1), all.end, all.used], [768, 832, 832]);
});

Deno.test("Addresses.give() joins neighbours, and lowers the end", () => {
  const all = new Addresses(64);
  const parts = [64, 64, 64, 64].map((bytes) => all.take(bytes));
  for (const i of [0, 2, 1]) all.give(parts[i], 64);
  assertEquals([all.take(192), all.end], [64, 320]);
  all.give(64, 192);
  all.give(parts[3], 64);
  assertEquals([all.end, all.used], [64, 64]);
});

Deno.test("Addresses never gives out the same byte twice, and ends empty, in 2,000 turns", () => {
  const all = new Addresses(64), taken: [at: number, bytes: number][] = [];
  const what = integers(2000, 1, 100), sizes = integers(2000, 2, 5000);
  for (let i = 0; i < 2000; i++) {
    if (what[i] < 55 || taken.length === 0) {
      const bytes = sizes[i] + 1, at = all.take(bytes);
      assertEquals(at % 64, 0);
      assert(at >= 64 && at + bytes <= all.end);
      assert(taken.every(([from, n]) => at + bytes <= from || from + n <= at), `turn ${i}`);
      taken.push([at, bytes]);
    } else all.give(...taken.splice(what[i] % taken.length, 1)[0]);
    assertEquals(all.used, taken.reduce((sum, [, n]) => sum + Math.ceil(n / 64) * 64, 64));
  }
  for (const one of taken) all.give(...one);
  assertEquals([all.end, all.used], [64, 64]);
});
