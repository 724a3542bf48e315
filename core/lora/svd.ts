// The best adapter of a lower rank (Eckart and Young): the truncated singular value decomposition of B·A, exact and
// without ever forming it. Thin factors are made orthonormal, and the small core between them is diagonalised by
// one-sided Jacobi rotations, all in f64: O((in + out)·R² + R³) for rank R.
import { type AdapterLayout, adapterLayout } from "./adapter.ts";
import { headWeight, type HostAdapter, withHead } from "./factors.ts";

/** An adapter of a lower rank, and how far it is from the first one. */
export interface TruncatedAdapter extends HostAdapter {
  /** ‖ΔW − ΔW_r‖_F / ‖ΔW‖_F over all modules together; 0 where ΔW is 0. */
  readonly error: number;
  /** The same for each module by itself. */
  readonly errors: ReadonlyMap<string, number>;
}

/** Singular values with their vectors: M = Σ_i values[i]·left[i]·right[i]ᵀ. */
export interface Svd {
  /** Above 0, falling. */
  readonly values: number[];
  /** Orthonormal columns on the left, one array each. */
  readonly left: Float64Array[];
  /** Orthonormal columns on the right. */
  readonly right: Float64Array[];
}

const DEPENDENT = 1e-13; // of a vector's length: what two passes of Gram–Schmidt leave of a dependent one in f64
const ORTHOGONAL = 1e-15;
const MAX_SWEEPS = 60; // quadratic convergence needs about 10

/**
 * The adapter of rank `rank` whose ΔW is nearest to this one's in every module (Frobenius and spectral norm).
 *
 * @example
 * ```ts
 * import { adapterLayout, truncateAdapter } from "@leash/bpo/core";
 * import { assertAlmostEquals, assertEquals } from "@std/assert";
 * const layout = adapterLayout([{ name: "up", inDim: 2, outDim: 2 }], { rank: 2, alpha: 2 });
 * const params = new Float32Array(layout.size);
 * params.set([1, 0, 0, 1], 0); // A = 1
 * params.set([3, 0, 0, 4], 64); // Bᵀ: singular values 4 and 3
 * const best = truncateAdapter({ layout, params }, 1);
 * assertEquals(best.layout.rank, 1);
 * assertAlmostEquals(best.error, 3 / 5);
 * ```
 *
 * @param adapter One member, or the exact mean of an ensemble; not changed.
 * @param rank r ≥ 1; one above the adapter's own leaves ΔW as it is.
 * @returns A new adapter with the same scale; singular values are shared as √σ by A and B. A head stays as it is.
 * @throws {RangeError} If `rank` is not a whole number of at least 1.
 * @see Eckart and Young 1936, https://doi.org/10.1007/BF02288367
 */
export function truncateAdapter({ layout, params }: HostAdapter, rank: number): TruncatedAdapter {
  const planned = adapterLayout([...layout.modules.values()], { rank, alpha: rank });
  const truncated: AdapterLayout = { ...planned, scale: layout.scale };
  const out = new Float32Array(truncated.size);
  const errors = new Map<string, number>();
  let lostAll = 0, allAll = 0;
  for (const [name, module] of truncated.modules) {
    const { aOffset, bOffset, inDim, outDim } = layout.modules.get(name)!;
    const rows = (offset: number, width: number) =>
      Array.from({ length: layout.rank }, (_, r) => {
        return Float64Array.from(params.subarray(offset + r * width, offset + (r + 1) * width));
      });
    const { values, left, right } = svdOfProduct(rows(bOffset, outDim), rows(aOffset, inDim));
    for (let i = 0; i < Math.min(rank, values.length); i++) {
      const root = Math.sqrt(values[i]);
      out.set(right[i].map((v) => v * root), module.aOffset + i * inDim);
      out.set(left[i].map((u) => u * root), module.bOffset + i * outDim);
    }
    const squares = values.map((value) => value * value);
    const all = sum(squares), lost = sum(squares.slice(rank));
    errors.set(name, all === 0 ? 0 : Math.sqrt(lost / all));
    lostAll += lost;
    allAll += all;
  }
  const error = allAll === 0 ? 0 : Math.sqrt(lostAll / allAll);
  const bare = { layout: truncated, params: out }, head = headWeight({ layout, params });
  const kept = head === undefined ? bare : withHead(bare, layout.head!, head.data);
  return { ...kept, error, errors };
}

/**
 * Singular values and vectors of Σ_r b_r·a_rᵀ.
 *
 * @example
 * ```ts
 * import { svdOfProduct } from "@leash/bpo/core";
 * import { assertAlmostEquals } from "@std/assert";
 * const { values } = svdOfProduct([Float64Array.of(3, 0)], [Float64Array.of(0, 4, 0)]);
 * assertAlmostEquals(values[0], 12);
 * ```
 *
 * @param b R vectors of length m: the columns of B.
 * @param a R vectors of length n: the rows of A.
 * @returns As many values as the product has rank.
 */
export function svdOfProduct(b: readonly Float64Array[], a: readonly Float64Array[]): Svd {
  const B = orthonormalise(b), A = orthonormalise(a);
  // b_r = Q_B·B.weights[r] and a_r = Q_A·A.weights[r], so the product is Q_B·C·Q_Aᵀ with this core:
  const core = A.basis.map((_, j) => {
    return Float64Array.from(B.basis, (_, i) => {
      return sum(b.map((_, r) => B.weights[r][i] * A.weights[r][j]));
    });
  });
  const { values, left, right } = jacobiSvd(core);
  return {
    values,
    left: left.map((u) => combine(B.basis, u)),
    right: right.map((v) => combine(A.basis, v)),
  };
}

/**
 * An orthonormal basis of the vectors' span, and each vector's weights in it: a thin QR by Gram–Schmidt, every
 * vector projected twice ("twice is enough": orthogonal to f64's last digits), dependent ones adding nothing.
 */
function orthonormalise(
  vectors: readonly Float64Array[],
): { basis: Float64Array[]; weights: Float64Array[] } {
  const basis: Float64Array[] = [];
  const weights = vectors.map((vector) => {
    const rest = vector.slice();
    const own = new Float64Array(vectors.length);
    for (let pass = 0; pass < 2; pass++) {
      basis.forEach((q, i) => {
        const along = dot(q, rest);
        own[i] += along;
        for (let x = 0; x < rest.length; x++) rest[x] -= along * q[x];
      });
    }
    const left = Math.sqrt(dot(rest, rest));
    if (left > DEPENDENT * Math.sqrt(dot(vector, vector)) && basis.length < vector.length) {
      own[basis.length] = left;
      basis.push(rest.map((x) => x / left));
    }
    return own;
  });
  return { basis, weights };
}

/** Rotates pairs of columns until all are orthogonal: their lengths are the singular values. */
function jacobiSvd(columns: readonly Float64Array[]): Svd {
  const w = columns.map((column) => column.slice());
  const v = w.map((_, i) => Float64Array.from(w, (_, j) => i === j ? 1 : 0));
  for (let sweep = 0, rotated = true; rotated && sweep < MAX_SWEEPS; sweep++) {
    rotated = false;
    for (let i = 0; i < w.length; i++) {
      for (let j = i + 1; j < w.length; j++) {
        const alpha = dot(w[i], w[i]), beta = dot(w[j], w[j]), gamma = dot(w[i], w[j]);
        if (Math.abs(gamma) <= ORTHOGONAL * Math.sqrt(alpha * beta)) continue;
        rotated = true;
        const zeta = (beta - alpha) / (2 * gamma);
        const t = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.hypot(1, zeta));
        const c = 1 / Math.hypot(1, t);
        rotate(w[i], w[j], c, c * t);
        rotate(v[i], v[j], c, c * t);
      }
    }
  }
  const all = w.map((column, i) => ({ value: Math.sqrt(dot(column, column)), column, right: v[i] }))
    .sort((x, y) => y.value - x.value);
  const kept = all.filter(({ value }) => value > DEPENDENT * all[0].value);
  return {
    values: kept.map(({ value }) => value),
    left: kept.map(({ value, column }) => column.map((x) => x / value)),
    right: kept.map(({ right }) => right),
  };
}

function rotate(x: Float64Array, y: Float64Array, c: number, s: number): void {
  for (let i = 0; i < x.length; i++) {
    const before = x[i];
    x[i] = c * before - s * y[i];
    y[i] = s * before + c * y[i];
  }
}

function combine(basis: readonly Float64Array[], weights: Float64Array): Float64Array {
  const out = new Float64Array(basis[0].length);
  basis.forEach((q, i) => {
    for (let x = 0; x < out.length; x++) out[x] += weights[i] * q[x];
  });
  return out;
}

function dot(x: Float64Array, y: Float64Array): number {
  let total = 0;
  for (let i = 0; i < x.length; i++) total += x[i] * y[i];
  return total;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
