// `--adapter`: every member starts at an adapter that is there. The members' factors are turned against each other, since
// members that are equal in every bit would stay equal for ever.
import { fold, type Key, normals } from "../../core/mod.ts";
import type { AdapterLayout, HostAdapter } from "../../core/mod.ts";

/** Members of one layout on the host. */
export interface StartMembers {
  /** Where the matrices of each are. */
  readonly layout: AdapterLayout;
  /** [members · layout.size] f32. */
  readonly params: Float32Array<ArrayBuffer>;
}

/**
 * Members that all have an adapter's ΔW = scale·B·A. The first is the adapter bit for bit; each other has (B·Qᵀ)(Q·A)
 * with an orthogonal Q [r, r] of its own for each module, which is the same ΔW up to rounding and another start for an
 * optimiser that looks at single elements.
 *
 * @param key Draws Q.
 */
export function startMembers(
  { layout, params }: HostAdapter,
  members: number,
  key: Key,
): StartMembers {
  const all = new Float32Array(members * layout.size);
  for (let k = 0; k < members; k++) {
    const own = all.subarray(k * layout.size, (k + 1) * layout.size);
    own.set(params);
    if (k === 0) continue;
    for (const { name, inDim, outDim, aOffset, bOffset } of layout.modules.values()) {
      const q = orthogonal(layout.rank, fold(fold(fold(key, "start"), k), name));
      turn(own.subarray(aOffset, aOffset + layout.rank * inDim), q, inDim);
      turn(own.subarray(bOffset, bOffset + layout.rank * outDim), q, outDim); // Bᵀ ← Q·Bᵀ
    }
  }
  return { layout, params: all };
}

/** rows ← Q·rows for [r, width] in place, in f64. */
function turn(rows: Float32Array, q: readonly Float64Array[], width: number): void {
  const before = Float64Array.from(rows);
  for (let i = 0; i < q.length; i++) {
    for (let c = 0; c < width; c++) {
      let sum = 0;
      for (let j = 0; j < q.length; j++) sum += q[i][j] * before[j * width + c];
      rows[i * width + c] = sum;
    }
  }
}

/** A random orthogonal matrix by rows: Gaussian rows, each made orthogonal to those before, twice for f64. */
export function orthogonal(size: number, key: Key): Float64Array[] {
  const draws = normals(key, size * size);
  const rows: Float64Array[] = [];
  for (let i = 0; i < size; i++) {
    const row = Float64Array.from(draws.subarray(i * size, (i + 1) * size));
    for (let pass = 0; pass < 2; pass++) {
      for (const other of rows) {
        const along = dot(row, other);
        for (let c = 0; c < size; c++) row[c] -= along * other[c];
      }
    }
    const length = Math.sqrt(dot(row, row));
    rows.push(row.map((x) => x / length));
  }
  return rows;
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, x, i) => sum + x * b[i], 0);
}
