import { assertEquals, assertThrows } from "@std/assert";
import { buildModule, relaxedFmaSupported } from "../../../backend/cpu/wasm.ts";
import { buildName, BUILDS } from "./instance.ts";

const KERNELS = [
  ["packB", 8],
  ["gemm", 12],
  ["packTransposedA", 5],
  ["widenF16", 5],
  ["widenInt8", 6],
  ["widenInt4", 6],
  ["peak", 1],
  ["expInPlace", 2],
  ["rowMax", 2],
  ["expSubSum", 3],
  ["scaleInPlace", 3],
  ["axpy", 4],
  ["add", 4],
  ["dot", 3],
  ["sumSquares", 2],
  ["siluMul", 4],
  ["siluMulBackward", 6],
  ["geluMul", 4],
  ["geluMulBackward", 6],
  ["geluTanhMul", 4],
  ["geluTanhMulBackward", 6],
  ["rmsNorm", 7],
  ["rmsNormBackward", 8],
  ["adamw", 13],
  ["adamwCheck", 13],
] as const;

const memory = (shared: boolean) => new WebAssembly.Memory({ initial: 1, maximum: 2, shared });

for (const build of BUILDS) {
  Deno.test(`buildModule() is valid and exports every kernel (${buildName(build)})`, () => {
    const module = new WebAssembly.Module(buildModule(build));
    const env = { memory: memory(build.shared) };
    const { exports } = new WebAssembly.Instance(module, { env });
    const found = Object.entries(exports).map(([name, f]) => [name, (f as () => void).length]);
    assertEquals(found.sort(), KERNELS.map((k) => [...k]).sort());
  });
}

Deno.test("buildModule() takes the kind of memory that it was asked for", () => {
  const module = new WebAssembly.Module(buildModule({ fma: false, shared: true }));
  const instantiate = () => new WebAssembly.Instance(module, { env: { memory: memory(false) } });
  assertThrows(instantiate, WebAssembly.LinkError);
});

Deno.test("buildModule() without fma holds no relaxed instruction", () => {
  // f32x4.relaxed_madd: 0xfd, then 0x105 as LEB128.
  const count = (fma: boolean) => {
    const code = buildModule({ fma, shared: false });
    return code.filter((byte, i) => byte === 0xfd && code[i + 1] === 0x85 && code[i + 2] === 0x02)
      .length;
  };
  assertEquals(count(false), 0);
  assertEquals(count(true) > 100, true);
});

Deno.test("relaxedFmaSupported() says whether the fma build compiles", () => {
  const compiles = WebAssembly.validate(buildModule({ fma: true, shared: false }));
  assertEquals(relaxedFmaSupported(), compiles);
});
