import { assertEquals } from "@std/assert";
import { f32, f32x4, i32, v128 } from "../../../backend/cpu/instructions.ts";
import { horizontal, LaneKit, minimum, transpose4 } from "../../../backend/cpu/wasm_lanes.ts";

/** Compiles what `define` adds to a kit; returns the exports and the memory as floats. */
function compile(define: (kit: LaneKit) => void, fma = false) {
  const kit = new LaneKit({ fma, shared: false });
  define(kit);
  const memory = new WebAssembly.Memory({ initial: 1 });
  const compiled = new WebAssembly.Module(kit.module.build());
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory } });
  return {
    exports: exports as Record<string, (...args: number[]) => number>,
    floats: new Float32Array(memory.buffer),
  };
}

Deno.test("LaneKit.loadPart() fills, LaneKit.storePart() keeps what is past the count", () => {
  const { exports, floats } = compile((kit) => {
    kit.module.exported("copy", { count: "i32", to: "i32" }, "void", (f, { count, to }) => {
      f.store(32, kit.loadPart(i32.add(0, 0), count, -7)); // all four lanes
      kit.storePart(f, to, count, v128.load(0));
    });
  });
  for (let count = -1; count <= 6; count++) {
    floats.fill(9).set([1, 2, 3, 4]);
    exports.copy(count, 64);
    const kept = [1, 2, 3, 4].map((x, i) => i < count ? x : -7);
    assertEquals([...floats.subarray(8, 12)], kept);
    const written = [1, 2, 3, 4].map((x, i) => i < count ? x : 9);
    assertEquals([...floats.subarray(16, 21)], [...written, 9]);
  }
});

Deno.test("LaneKit.madd() rounds once with fma and twice without", () => {
  // (1 + e)² − 1 − 2e = e² survives only a single rounding.
  const e = 2 ** -13;
  const run = (fma: boolean) =>
    compile((kit) => {
      kit.module.exported("run", {}, "f32", (f) => {
        f.return(f32x4.extractLane(kit.madd(1 + e, 1 + e, -1 - 2 * e), 0));
      });
    }, fma).exports.run();
  assertEquals(run(false), 0);
  const fused = run(true); // an engine without FMA hardware may round twice
  assertEquals(fused === e * e || fused === 0, true);
});

Deno.test("LaneKit.eachVector() meets each element once, whatever the unrolling", () => {
  for (const unroll of [1, 2, 4]) {
    const { exports, floats } = compile((kit) => {
      kit.module.exported("addOne", { x: "i32", n: "i32" }, "void", (f, { x, n }) => {
        kit.eachVector(f, n, [x], unroll, (io) => io.store(x, f32x4.add(io.load(x), 1)));
      });
    });
    for (let n = 0; n <= 40; n++) {
      floats.fill(0);
      exports.addOne(4, n);
      assertEquals(floats.indexOf(1), n ? 1 : -1);
      assertEquals(floats.reduce((sum, x) => sum + x, 0), n);
      assertEquals(floats.lastIndexOf(1), n ? n : -1);
    }
  }
});

Deno.test("LaneKit.sum() and LaneKit.max() take every element and nothing else", () => {
  const { exports, floats } = compile((kit) => {
    const params = { x: "i32", n: "i32" } as const;
    kit.module.exported("sum", params, "f32", (f, { x, n }) => {
      f.return(kit.sum(f, n, [x], (io, sum) => f32x4.add(sum, io.load(x))));
    });
    kit.module.exported("max", params, "f32", (f, { x, n }) => f.return(kit.max(f, n, x)));
  });
  for (let n = 0; n <= 40; n++) {
    floats.fill(1e6);
    for (let i = 0; i < n; i++) floats[i] = i - 100;
    assertEquals(exports.sum(0, n), n * (n - 1) / 2 - 100 * n);
    assertEquals(exports.max(0, n), n ? n - 101 : -Infinity);
  }
});

Deno.test("LaneKit.exp() is exact at 0 and at the edges of float", () => {
  const { exports } = compile((kit) => {
    kit.module.exported("exp", { x: "f32" }, "f32", (f, { x }) => {
      f.return(f32x4.extractLane(kit.exp(f)(f32x4.splat(x)), 0));
    });
  });
  const { exp } = exports;
  assertEquals([0, -200, 200, NaN].map((x) => exp(x)), [1, 0, Infinity, NaN]);
  for (const x of [-87, -1, 0.5, 20, 88.7]) {
    const wanted = Math.exp(Math.fround(x));
    const error = Math.abs(exp(x) - wanted) / wanted;
    assertEquals(error <= 4e-7, true, `exp(${x}) is off by ${error}`);
  }
});

Deno.test("horizontal() combines lanes in pairs", () => {
  const { exports, floats } = compile((kit) => {
    kit.module.exported("run", {}, "f32", (f) => {
      f.return(horizontal(f.local("v128", v128.load(0)), f32.add));
    });
  });
  floats.set([1e8, -1e8, 1, 2]); // pairs: exact; (0, 2), (1, 3) would lose the 3
  assertEquals(exports.run(), 3);
});

Deno.test("minimum() is the smaller", () => {
  const { exports } = compile((kit) => {
    kit.module.exported("run", { x: "i32" }, "i32", (f, { x }) => f.return(minimum(x, 5)));
  });
  assertEquals([-1, 5, 6].map((x) => exports.run(x)), [-1, 5, 5]);
});

Deno.test("transpose4() gives columns for rows", () => {
  const { exports, floats } = compile((kit) => {
    kit.module.exported("run", {}, "void", (f) => {
      const rows = [0, 16, 32, 48].map((at) => f.local("v128", v128.load(0, at)));
      transpose4(f, rows).forEach((column, i) => f.store(64, column, 16 * i));
    });
  });
  floats.set(Array.from({ length: 16 }, (_, i) => i));
  exports.run();
  const expected = Array.from({ length: 16 }, (_, i) => 4 * (i % 4) + Math.floor(i / 4));
  assertEquals([...floats.subarray(16, 32)], expected);
});
