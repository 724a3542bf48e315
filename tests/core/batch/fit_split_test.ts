import { assertEquals } from "@std/assert";
import { type FitOptions, fitSplit } from "../../../core/mod.ts";

/** 100 bytes a pair, 10 with checkpointing, and 5 in any case. */
async function split(most: number, options: Partial<FitOptions> = {}) {
  const asked: string[] = [];
  const found = await fitSplit({
    whole: 16,
    measure(size, isLean) {
      asked.push(`${size}${isLean ? " lean" : ""}`);
      return Promise.resolve(5 + size * (isLean ? 10 : 100));
    },
    fits: (bytes) => bytes <= most,
    ...options,
  });
  return { ...found, asked };
}

Deno.test("fitSplit() takes the whole, then checkpointing, then as few even parts as fit", async () => {
  assertEquals(await split(1605), {
    ...{ size: 16, gradientCheckpointing: false, bytes: 1605 },
    asked: ["16"],
  });
  assertEquals(await split(165), {
    ...{ size: 16, gradientCheckpointing: true, bytes: 165 },
    asked: ["16", "16 lean"],
  });
  const sizes = [164, 85, 84, 65, 64, 25, 24, 15].map(async (most) => (await split(most)).size);
  assertEquals(await Promise.all(sizes), [8, 8, 6, 6, 4, 2, 1, 1]);
  for (const most of [15, 47, 120, 164]) assertEquals((await split(most)).bytes <= most, true);
});

Deno.test("fitSplit() says what the least takes where nothing fits", async () => {
  const { asked: _asked, ...least } = await split(14);
  assertEquals(least, { size: 1, gradientCheckpointing: true, bytes: 15 });
  assertEquals((await split(34, { least: 3 })).size, 3);
  assertEquals((await split(35, { least: 3 })).size, 3);
});

Deno.test("fitSplit() keeps a split that is settled, and checkpointing that is asked for", async () => {
  assertEquals((await split(105, { given: 1 })).asked, ["1"]);
  assertEquals((await split(100, { given: 4 })).asked, ["4", "4 lean"]);
  assertEquals((await split(44, { given: 4 })).size, 4); // and its bytes do not fit
  assertEquals((await split(44, { given: 4 })).bytes, 45);
  assertEquals((await split(9e9, { given: 20 })).size, 20); // a step may have fewer pairs
  assertEquals((await split(9e9, { gradientCheckpointing: true })).asked, ["16 lean"]);
});
