// Benches of the frozen base's products at every storage type, at the shape that the CPU device's speed is promised at and
// at a decode step's few rows, where reading W is most of the work: bytes are W's own.
import {
  Arena,
  type BaseDType,
  type Device,
  gatherMatrixRows,
  matmulColumns,
  matmulRows,
  type Matrix,
  matrixTensors,
  uploadMatrix,
} from "../../backend/mod.ts";
import type { KernelBench } from "../support/harness.ts";
import { Inputs, uniform } from "../support/inputs.ts";

const N = 576, K = 576;

/** The matrix, and an owner of it and of the other inputs. */
function inputs(
  device: Device,
  dtype: BaseDType,
  others: Inputs,
): { w: Matrix; owned: Disposable } {
  const owned = others.done();
  using arena = new Arena(device, "bench matrix");
  const w = uploadMatrix(arena, [N, K], uniform(N * K, 1), { dtype, label: "w" });
  arena.commit();
  const kept = arena.keep(w);
  const dispose = () => [kept, owned].forEach((one) => one[Symbol.dispose]());
  return { w, owned: { [Symbol.dispose]: dispose } };
}

function bytesOf(w: Matrix): number {
  return matrixTensors(w).reduce((sum, { storage }) => sum + storage.bytes, 0);
}

function product(dtype: BaseDType, M: number, back: boolean): KernelBench {
  return {
    name: `matmul ${back ? "dy·W" : "x·Wᵀ"}, W ${dtype}${M < 64 ? ", decode" : ""}`,
    setup(device) {
      const others = new Inputs(device), a = { tensor: others.f32([M, back ? N : K]) };
      const { w, owned } = inputs(device, dtype, others);
      return {
        shape: back ? `[${M}, ${N}]·[${N}, ${K}]` : `[${M}, ${K}]·[${N}, ${K}]ᵀ`,
        ...(M < 64 ? { bytes: bytesOf(w) } : { flop: 2 * M * N * K }),
        owned,
        record: (arena) => (back ? matmulColumns : matmulRows)(arena, { a, w, M }),
      };
    },
  };
}

/** An embedding that is stored so. */
function gather(dtype: BaseDType, rows: number): KernelBench {
  return {
    name: `gatherMatrixRows, ${dtype}`,
    setup(device) {
      const others = new Inputs(device), ids = others.ids(rows, N);
      const { w, owned } = inputs(device, dtype, others);
      return {
        shape: `${rows} of [${N}, ${K}]`,
        bytes: rows * (4 * K + bytesOf(w) / N),
        owned,
        record: (arena) => gatherMatrixRows(arena, w, ids),
      };
    },
  };
}

/** What is done with a stored matrix. */
export const matrixBenches: readonly KernelBench[] = (["f32", "f16", "int8", "int4"] as const)
  .flatMap((dtype) => [
    product(dtype, 512, false),
    product(dtype, 512, true),
    product(dtype, 8, false),
    gather(dtype, 4096),
  ]);
