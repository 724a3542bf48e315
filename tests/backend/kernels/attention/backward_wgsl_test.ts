import { assertEquals } from "@std/assert";
import { backwardWgsl } from "../../../../backend/kernels/attention/backward_wgsl.ts";

const fixed = (over: Partial<Record<string, number>>) => ({
  ...{ H: 4, KV: 2, D: 16, WINDOW: 0, SCALED: 0, CAPPED: 0 },
  ...over,
} as Parameters<typeof backwardWgsl>[0]);

Deno.test("backwardWgsl() bends slopes where scores are capped, for queries and keys alike", () => {
  const bends = (CAPPED: number) => backwardWgsl(fixed({ CAPPED })).match(/ \* slope\(/g)?.length;
  assertEquals([bends(0), bends(1)], [undefined, 2]);
});

Deno.test("backwardWgsl() has the threads of a shared head meet all barriers: 256 of them, none skips a tile", () => {
  const shared = backwardWgsl(fixed({ D: 130 })), alone = backwardWgsl(fixed({ D: 128 }));
  const size = (wgsl: string) => Number(/@workgroup_size\((\d+)\)/.exec(wgsl)![1]);
  assertEquals([size(shared), size(alone)], [256, 64]);
  assertEquals([shared, alone].map((wgsl) => wgsl.includes("if (j > i) { break; }")), [
    false,
    true,
  ]);
});

Deno.test("backwardWgsl() looks at a window only where there is one", () => {
  const windows = [0, 9].map((WINDOW) => backwardWgsl(fixed({ WINDOW })).includes("WINDOW"));
  assertEquals(windows, [false, true]);
});
