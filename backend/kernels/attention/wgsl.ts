// What the shaders of attention share: heads as vec4s in registers, two tiles of heads in workgroup memory, and how a
// score is scaled, capped and masked.
import type { Numbers } from "../../kernel.ts";
import { tanhWgsl } from "../tanh_wgsl.ts";
import { range } from "../../range.ts";
import { eachWorkgroupWgsl } from "../../workgroup.ts";

/** Queries, or keys, of a workgroup: a thread each, or more of them where a head is wide. */
const ROWS = 64;

/** WGSL: the score of a key that is not seen, below all that are. */
export const LOWEST_WGSL = "const LOWEST = -1e30;";

/** Blocks of ROWS that the longest sequence takes: the `blocks` of a dispatch. */
export function blocksOf(maxLength: number): number {
  return Math.ceil(maxLength / ROWS);
}

/**
 * WGSL: `main` for a dispatch of a workgroup for each block of ROWS, head and sequence, up to where it knows its own:
 * `first` row, `head` and `sequence`. `heads` is WGSL.
 */
export function eachBlockOfHeadWgsl(heads: string, f: Numbers): string {
  const threads = ROWS * lanes(f);
  return /* wgsl */ `${eachWorkgroupWgsl("task", `p.sequences * ${heads} * p.blocks`, threads)}
  let first = (task % p.blocks) * ROWS;
  let head = (task / p.blocks) % ${heads};
  let sequence = task / (p.blocks * ${heads});`;
}

/** Threads that share a head: one up to 128 numbers, else four with a quarter each: more would not fit its registers. */
export function lanes(f: Numbers): number {
  return f.D > 128 ? 4 : 1;
}

/** vec4s of a head that one thread has, padded with zeros. */
export function ownVectors(f: Numbers): number {
  return Math.ceil(f.D / 4 / lanes(f));
}

/** WGSL expression: which of its head's vec4s is the thread's c-th. */
export function ownVector(f: Numbers, c: number): string {
  return lanes(f) === 1 ? `${c}u` : `local / ROWS * ${ownVectors(f)}u + ${c}u`;
}

/** vec4s that hold a head, padded with zeros. */
export function headVectors(f: Numbers): number {
  return lanes(f) * ownVectors(f);
}

/** `body(i)` for i = 0 … n − 1, one after another: private arrays stay in registers only when unrolled. */
export function unrolled(n: number, body: (i: number) => string, separator = "\n"): string {
  return range(n).map((i) => body(i)).join(separator);
}

/** WGSL `load_name(at, c)`: numbers 4c … 4c + 3 of the head that starts at `at`, 0 past its end. */
export function loadVector(name: string, f: Numbers): string {
  const numbers = unrolled(
    4,
    (e) =>
      f.D === 4 * headVectors(f)
        ? `${name}[i + ${e}u]`
        : `select(0.0, ${name}[i + ${e}u], 4u * c + ${e}u < D)`,
    ", ",
  );
  return `fn load_${name}(at: u32, c: u32) -> vec4<f32> { let i = at + 4u * c; return vec4<f32>(${numbers}); }`;
}

/** WGSL `store_name(at, c, x)`: the converse of {@linkcode loadVector}. */
export function storeVector(name: string, f: Numbers): string {
  const numbers = unrolled(
    4,
    (e) =>
      `${
        f.D === 4 * headVectors(f) ? "" : `if (4u * c + ${e}u < D) `
      }{ ${name}[i + ${e}u] = x[${e}]; }`,
  );
  return `fn store_${name}(at: u32, c: u32, x: vec4<f32>) { let i = at + 4u * c;\n${numbers} }`;
}

/** Rows in each of two tiles that share the 16 KB of workgroup memory: a multiple of 4, at most 64; 4 of a shared head. */
export function tileRows(f: Numbers): number {
  return lanes(f) > 1 ? 4 : Math.min(64, Math.floor(512 / headVectors(f) / 4) * 4);
}

/**
 * WGSL: the tiles `left` and `right`, TILE heads of VECTORS vec4s each; and, where threads share a head,
 * `joined(local, part)`, the sum of their four parts in order.
 */
export function tiles(f: Numbers): string {
  const n = headVectors(f), rows = tileRows(f);
  return /* wgsl */ `
const ROWS = ${ROWS}u;
${LOWEST_WGSL}
const TILE = ${rows}u;
const VECTORS = ${n}u;
var<workgroup> left: array<vec4<f32>, ${rows * n}>;
var<workgroup> right: array<vec4<f32>, ${rows * n}>;
${lanes(f) === 1 ? "" : JOINED}`;
}

const JOINED = /* wgsl */ `
var<workgroup> parts: array<vec4<f32>, ${4 * ROWS}>;
fn joined(local: u32, part: vec4<f32>) -> vec4<f32> {
  workgroupBarrier();
  parts[local] = part;
  workgroupBarrier();
  let head = local % ROWS;
  return parts[head] + parts[head + ROWS] + parts[head + 2u * ROWS] + parts[head + 3u * ROWS];
}`;

/** WGSL expression: dot products of four heads with one, from what each thread has of them. */
export function whole(f: Numbers, products: string): string {
  return lanes(f) === 1 ? products : `joined(local, ${products})`;
}

/** WGSL expression: where the thread's part of head `t` of a tile begins. */
export function tileAt(f: Numbers, t = "t"): string {
  return lanes(f) === 1 ? `${t} * VECTORS` : `${t} * VECTORS + ${ownVector(f, 0)}`;
}

/**
 * WGSL `fill_a_b(local, first, end, at, stride)`: heads first … first + TILE − 1 of `a` into the tile `left` and of `b` into
 * `right`, zeros from head `end` on. Head i starts at `at + i·stride`. With the barriers before and after.
 */
export function fillTiles(a: string, b: string): string {
  return /* wgsl */ `
fn fill_${a}_${b}(local: u32, first: u32, end: u32, at: u32, stride: u32) {
  workgroupBarrier();
  for (var t = local; t < TILE * VECTORS; t += WORKGROUP) {
    let i = first + t / VECTORS;
    left[t] = vec4<f32>();
    right[t] = vec4<f32>();
    if (i < end) {
      left[t] = load_${a}(at + i * stride, t % VECTORS);
      right[t] = load_${b}(at + i * stride, t % VECTORS);
    }
  }
  workgroupBarrier();
}`;
}

/** WGSL expression: what a product q·k is multiplied by. */
export function scaleOf(f: Numbers): string {
  return f.SCALED === 1 ? "p.scale" : "1.0 / sqrt(f32(D))";
}

/** WGSL `cap(s)` = c·tanh(s/c) and `slope(cap)`, its derivative 1 − (cap/c)²; nothing where scores are not capped. */
export function capping(f: Numbers): string {
  if (f.CAPPED !== 1) return "";
  return /* wgsl */ `${tanhWgsl("vec4<f32>")}
fn cap(scores: vec4<f32>) -> vec4<f32> { return p.softcap * tanhOf(scores / p.softcap); }
fn slope(capped: vec4<f32>) -> vec4<f32> { let t = capped / p.softcap; return 1.0 - t * t; }`;
}

/** WGSL expression: the first key of the tile in which the keys begin that row `i` sees. */
export function firstTile(f: Numbers, i: string): string {
  return f.WINDOW > 0 ? `(${i} + 1u - min(${i} + 1u, WINDOW)) / TILE * TILE` : "0u";
}

/** WGSL: skips the keys j … j + 3 in the loop over a tile if row i sees none. Threads that share a head stay together. */
export function skipUnseen(f: Numbers): string {
  if (lanes(f) > 1) return "";
  return `if (j > i) { break; }${f.WINDOW > 0 ? " if (j + 3u + WINDOW <= i) { continue; }" : ""}`;
}

/** WGSL expression: which of the keys j … j + 3 row i sees. */
export function seenKeys(f: Numbers): string {
  const keys = "vec4<u32>(j, j + 1u, j + 2u, j + 3u)", past = `${keys} <= vec4<u32>(i)`;
  return f.WINDOW > 0 ? `(${past}) & (${keys} + WINDOW > vec4<u32>(i))` : past;
}
