import { assertEquals } from "@std/assert";
import { type FunctionBuilder, ModuleBuilder } from "../../../backend/cpu/assembler.ts";
import { call, f32, f32x4, i32, type Local, v128 } from "../../../backend/cpu/instructions.ts";

/** Compiles what `define` adds; returns the exports and the memory as floats. */
function compile(define: (module: ModuleBuilder) => void) {
  const module = new ModuleBuilder({ shared: false });
  define(module);
  const memory = new WebAssembly.Memory({ initial: 1 });
  const compiled = new WebAssembly.Module(module.build());
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory } });
  return {
    exports: exports as Record<string, (...args: number[]) => number>,
    floats: new Float32Array(memory.buffer),
  };
}

/** One exported function of an integer n. */
function ofN(body: (f: FunctionBuilder, n: Local<"i32">) => void) {
  return compile((module) => {
    module.exported("run", { n: "i32" }, "i32", (f, { n }) => body(f, n));
  }).exports.run;
}

Deno.test("while() runs while the condition holds, and not at all if it never does", () => {
  const sum = compile((module) => {
    module.exported("sum", { n: "i32" }, "i32", (f, { n }) => {
      const total = f.local("i32", 0);
      f.while(i32.gtS(n, 0), () => {
        f.set(total, i32.add(total, n));
        f.increase(n, -1);
      });
      f.return(total);
    });
  }).exports.sum;
  assertEquals([sum(-3), sum(0), sum(1), sum(100)], [0, 0, 1, 5050]);
});

Deno.test("if() takes one branch", () => {
  const sign = ofN((f, n) => {
    f.if(i32.gtS(n, 0), () => f.return(i32.add(1, 0)), () => {
      f.if(i32.ltS(n, 0), () => f.return(i32.add(-1, 0)));
    });
    f.return(i32.add(0, 0));
  });
  assertEquals([sign(5), sign(-5), sign(0)], [1, -1, 0]);
});

Deno.test("local() is fresh on each turn of a loop if it has an initial value", () => {
  const run = ofN((f, n) => {
    const total = f.local("i32");
    f.while(i32.gtS(n, 0), () => {
      const once = f.local("i32", 10);
      f.increase(once, 1);
      f.set(total, i32.add(total, once));
      f.increase(n, -1);
    });
    f.return(total);
  });
  assertEquals(run(3), 33);
});

Deno.test("store() and storeLane() write their bytes and no others", () => {
  const { exports, floats } = compile((module) => {
    module.exported("write", { p: "i32" }, "void", (f, { p }) => {
      f.store(p, v128.load(p, 64));
      f.store(p, f32.add(0.5, 1), 20);
      f.storeLane(p, v128.load(p, 64), 2, 28);
    });
  });
  floats.set([1, 2, 3, 4], 17);
  exports.write(4);
  assertEquals([...floats.subarray(0, 10)], [0, 1, 2, 3, 4, 0, 1.5, 0, 3, 0]);
});

Deno.test("internal() functions are called and not exported, in any mix of types", () => {
  const { exports } = compile((module) => {
    const scale = module.internal("scale", { x: "v128", by: "f32" }, "v128", (f, { x, by }) => {
      f.return(f32x4.mul(x, f32x4.splat(by)));
    });
    const nothing = module.internal("nothing", {}, "void", () => {});
    module.exported("twice", { x: "f32" }, "f32", (f, { x }) => {
      f.run(call(nothing, {}));
      f.return(f32x4.extractLane(call(scale, { x: f32x4.splat(x), by: 2 }), 3));
    });
  });
  assertEquals(Object.keys(exports), ["twice"]);
  assertEquals(exports.twice(21), 42);
});

Deno.test("build() imports a shared memory only if asked to", () => {
  for (const shared of [false, true]) {
    const module = new WebAssembly.Module(new ModuleBuilder({ shared }).build());
    const link = (memoryShared: boolean) => {
      const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: memoryShared });
      return new WebAssembly.Instance(module, { env: { memory } });
    };
    link(shared);
    let refused = false;
    try {
      link(!shared);
    } catch (error) {
      refused = error instanceof WebAssembly.LinkError;
    }
    assertEquals(refused, true);
  }
});
