// WGSL of the matmul, two variants of one tiling. "Tiled": 256 threads load blocks of A and B into workgroup memory and
// hold RM × RN sums each. "Direct": every thread reads what it needs itself, for software adapters, where barriers are slow.
import type { Numbers } from "../../kernel.ts";
import { eachThreadWgsl, eachWorkgroupWgsl, grid } from "../../workgroup.ts";
import { FORMATS, narrowWgsl } from "./narrow.ts";
import { range } from "../../range.ts";

/** Terms that a tiled workgroup loads at a time. */
const K_BLOCK = 16;
/** A tiled workgroup is so many threads square; a direct one has so many abreast. */
const SIDE = 16, ABREAST = 8;

/** Rows and columns of C that a workgroup computes. */
export function gpuTile(f: Numbers): { rows: number; cols: number } {
  return f.DIRECT === 1
    ? { rows: 2 * f.RM, cols: 2 * f.RN * ABREAST }
    : { rows: f.RM * SIDE, cols: f.RN * SIDE };
}

/** Workgroups of a dispatch: tiles × groups × splits, folded. */
export function matmulGrid(p: Numbers, f: Numbers): readonly [number, number, number] {
  const { rows, cols } = gpuTile(f);
  return grid(Math.ceil(p.M / rows) * Math.ceil(p.N / cols) * p.groups * p.splits, 1);
}

/**
 * The shader for what is fixed: TA, TB, TT transposes, TAIL, ADD, RM × RN sums a thread, DIRECT; and FORMAT, where B
 * is stored narrow.
 */
export function matmulWgsl(f: Numbers): string {
  const main = f.DIRECT === 1 ? direct(f) : tiled(f);
  if (!isNarrow(f)) return main;
  const names = { words: "b", scales: "scales", ld: "p.ldb", ldScales: "p.ldScales" };
  return narrowWgsl(f.FORMAT, names) + main;
}

/** Whether elements of B are read by `narrow(row, col)` of the matrix as it is stored. */
function isNarrow(f: Numbers): boolean {
  return f.FORMAT !== FORMATS.F32;
}

/** `main` up to where this workgroup knows its tile: rows innermost, so that neighbours share B. */
function mainOf(f: Numbers): string {
  const { rows, cols } = gpuTile(f), threads = f.DIRECT === 1 ? ABREAST : SIDE * SIDE;
  const [mTiles, nTiles] = [
    `((p.M + ${rows - 1}u) / ${rows}u)`,
    `((p.N + ${cols - 1}u) / ${cols}u)`,
  ];
  const tiles = `${mTiles} * ${nTiles} * p.groups * p.splits`;
  return /* wgsl */ `${eachWorkgroupWgsl("task", tiles, threads)}
  let mTiles = ${mTiles};
  let nTiles = ${nTiles};
  var tile = task;
  let mFrom = (tile % mTiles) * ${rows}u;
  tile = tile / mTiles;
  let nFrom = (tile % nTiles) * ${cols}u;
  tile = tile / nTiles;
  let g = tile % p.groups;
  let split = tile / p.groups;
  let kEnd = min(p.K, (split + 1u) * p.kLength);`;
}

/** Stores the sums; `row(i)` and `col(j)` are WGSL. Sums stand in variables s0_0, s0_1, … */
function store(
  f: Numbers,
  rows: number,
  cols: number,
  row: (i: number) => string,
  col: (j: number) => string,
): string {
  const cells = range(rows).flatMap((i) =>
    range(cols).map((j) => {
      const add = f.ADD === 1
        ? ` + d[p.dOffset + g * p.dStride + ${row(i)} * p.ldd + ${col(j)}]`
        : "";
      return `if (${row(i)} < p.M && ${col(j)} < p.N) { c[to + ${row(i)} * p.ldc + ${
        col(j)
      }] = s${i}_${j}${add}; }`;
    })
  );
  return `let to = p.cOffset + split * p.splitStride + g * p.cStride;\n  ${cells.join("\n  ")}`;
}

function eachSum(rows: number, cols: number, line: (i: number, j: number) => string): string {
  return range(rows).map((i) => range(cols).map((j) => line(i, j)).join(" ")).join("\n    ");
}

function tiled(f: Numbers): string {
  const { RM, RN } = f, { rows, cols } = gpuTile(f);
  // Loads run along the axis that is contiguous in memory; one float of padding spreads the banks.
  const load = (
    target: string,
    source: string,
    width: number,
    { base, ld, inner, from, limit, kLimit, scale, narrow = false }: {
      base: string;
      ld: string;
      /** Whether k is the contiguous axis. */
      inner: boolean;
      from: string;
      limit: string;
      kLimit: string;
      scale: string;
      narrow?: boolean;
    },
  ) => {
    const x = `${from} + x`,
      element = narrow
        ? `narrow(${inner ? `${x}, k + kk` : `k + kk, ${x}`})`
        : `${source}[${base} + ${inner ? `(${x}) * ${ld} + k + kk` : `(k + kk) * ${ld} + ${x}`}]`;
    return /* wgsl */ `
    for (var e = local; e < ${width * K_BLOCK}u; e += WORKGROUP) {
      let kk = ${inner ? `e % ${K_BLOCK}u` : `e / ${width}u`};
      let x = ${inner ? `e / ${K_BLOCK}u` : `e % ${width}u`};
      var value = 0.0;
      if (k + kk < ${kLimit} && ${from} + x < ${limit}) {
        value = ${scale}${element};
      }
      ${target}[kk * ${width + 1}u + x] = value;
    }`;
  };
  const products = /* wgsl */ `
    workgroupBarrier();
    for (var kk = 0u; kk < ${K_BLOCK}u; kk++) {
      ${
    range(RM).map((i) => `let a${i} = blockA[kk * ${rows + 1}u + ty * ${RM}u + ${i}u];`).join(" ")
  }
      ${
    range(RN).map((j) => `let b${j} = blockB[kk * ${cols + 1}u + tx + ${SIDE * j}u];`).join(" ")
  }
      ${eachSum(RM, RN, (i, j) => `s${i}_${j} += a${i} * b${j};`)}
    }
    workgroupBarrier();`;
  const tail = f.TAIL === 0 ? "" : /* wgsl */ `
  for (var k = 0u; k < select(0u, p.rank, split == 0u); k += ${K_BLOCK}u) {
    ${
    load("blockA", "u", rows, {
      base: "p.uOffset + g * p.uStride",
      ld: "p.ldu",
      inner: true,
      from: "mFrom",
      limit: "p.M",
      kLimit: "p.rank",
      scale: "p.tailAlpha * ",
    })
  }
    ${
    load("blockB", "t", cols, {
      base: "p.tOffset + g * p.tStride",
      ld: "p.ldt",
      inner: f.TT === 1,
      from: "nFrom",
      limit: "p.N",
      kLimit: "p.rank",
      scale: "",
    })
  }
    ${products}
  }`;
  return /* wgsl */ `
var<workgroup> blockA: array<f32, ${(rows + 1) * K_BLOCK}>;
var<workgroup> blockB: array<f32, ${(cols + 1) * K_BLOCK}>;
${mainOf(f)}
  let tx = local % ${SIDE}u;
  let ty = local / ${SIDE}u;
  ${eachSum(RM, RN, (i, j) => `var s${i}_${j} = 0.0;`)}
  for (var k = split * p.kLength; k < kEnd; k += ${K_BLOCK}u) {
    ${
    load("blockA", "a", rows, {
      base: "p.aOffset + g * p.aStride",
      ld: "p.lda",
      inner: f.TA === 0,
      from: "mFrom",
      limit: "p.M",
      kLimit: "kEnd",
      scale: "",
    })
  }
    ${
    load("blockB", "b", cols, {
      base: "p.bOffset + g * p.bStride",
      ld: "p.ldb",
      inner: f.TB === 1,
      from: "nFrom",
      limit: "p.N",
      kLimit: "kEnd",
      scale: "",
      narrow: isNarrow(f),
    })
  }
    ${products}
  }
  ${eachSum(RM, RN, (i, j) => `s${i}_${j} *= p.alpha;`)}
  ${tail}
  ${store(f, RM, RN, (i) => `(mFrom + ty * ${RM}u + ${i}u)`, (j) => `(nFrom + tx + ${SIDE * j}u)`)}
}`;
}

/** 8 threads abreast, 2·RM rows × 2·RN columns each; indices past the edge are clamped and not stored. */
function direct(f: Numbers): string {
  const { rows, cols: all } = gpuTile(f), cols = all / ABREAST, narrow = isNarrow(f);
  const elementOfB = (j: number) =>
    narrow
      ? `narrow(${f.TB === 1 ? `n${j}, k` : `k, n${j}`})`
      : `b[rb${j} + k * ${f.TB === 1 ? "1u" : "p.ldb"}]`;
  const products = (
    [a, lda, kA]: readonly string[],
    columnOfB: (j: number) => string,
    limit: string,
    scale: string,
  ) => /* wgsl */ `
    for (; k < ${limit}; k++) {
      ${range(rows).map((i) => `let a${i} = ${scale}${a}[${lda}${i} + k * ${kA}];`).join(" ")}
      ${range(cols).map((j) => `let b${j} = ${columnOfB(j)};`).join(" ")}
      ${eachSum(rows, cols, (i, j) => `s${i}_${j} += a${i} * b${j};`)}
    }`;
  const starts = (name: string, n: number, base: string, at: string, step: string) =>
    range(n).map((i) => `let ${name}${i} = ${base} + ${at}${i} * ${step};`).join(" ");
  const tail = f.TAIL === 0 ? "" : /* wgsl */ `
  if (split == 0u) {
    ${starts("ru", rows, "p.uOffset + g * p.uStride", "m", "p.ldu")}
    ${starts("rt", cols, "p.tOffset + g * p.tStride", "n", f.TT === 1 ? "p.ldt" : "1u")}
    k = 0u;
    ${
    products(
      ["u", "ru", "1u"],
      (j) => `t[rt${j} + k * ${f.TT === 1 ? "1u" : "p.ldt"}]`,
      "p.rank",
      "p.tailAlpha * ",
    )
  }
  }`;
  return /* wgsl */ `${mainOf(f)}
  ${range(rows).map((i) => `let m${i} = min(mFrom + ${i}u, p.M - 1u);`).join(" ")}
  ${
    range(cols).map((j) => `let n${j} = min(nFrom + local + ${ABREAST * j}u, p.N - 1u);`).join(
      " ",
    )
  }
  ${starts("ra", rows, "p.aOffset + g * p.aStride", "m", f.TA === 1 ? "1u" : "p.lda")}
  ${narrow ? "" : starts("rb", cols, "p.bOffset + g * p.bStride", "n", f.TB === 1 ? "p.ldb" : "1u")}
  ${eachSum(rows, cols, (i, j) => `var s${i}_${j} = 0.0;`)}
  var k = split * p.kLength;
  ${
    products(
      ["a", "ra", f.TA === 1 ? "p.lda" : "1u"],
      elementOfB,
      "kEnd",
      "",
    )
  }
  ${eachSum(rows, cols, (i, j) => `s${i}_${j} *= p.alpha;`)}
  ${tail}
  ${store(f, rows, cols, (i) => `(mFrom + ${i}u)`, (j) => `(nFrom + local + ${ABREAST * j}u)`)}
}`;
}

/** Sums the partial products of a matmul that was split over K, one thread an element, splits in order. */
export const reduceWgsl = (f: Numbers): string =>
  /* wgsl */ `${eachThreadWgsl("i", "p.groups * p.M * p.N")}
  let n = i % p.N;
  let m = (i / p.N) % p.M;
  let g = i / (p.N * p.M);
  var sum = part[i];
  for (var s = 1u; s < p.splits; s++) { sum += part[s * p.splitStride + i]; }
  ${f.ADD === 1 ? "sum += d[p.dOffset + g * p.dStride + m * p.ldd + n];" : ""}
  c[p.cOffset + g * p.cStride + m * p.ldc + n] = sum;
}`;
