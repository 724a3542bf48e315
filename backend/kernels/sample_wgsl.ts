// WGSL of sampling: a workgroup of 256 threads a row; every sum and maximum goes through one two-level tree, two
// barriers each. Its CPU twin and the meaning are in sample.ts.
import { NON_FINITE_WGSL } from "./finite.ts";
import { range } from "../range.ts";
import { eachWorkgroupWgsl } from "../workgroup.ts";
import { RANDOM } from "./sample_twin.ts";

/** Threads of a workgroup, and how many of them join as many values each. */
const THREADS = 256, PARTS = Math.sqrt(THREADS);

/** A reduction over the workgroup: 16 threads join 16 values each, then all join the 16 results, in order. */
function reduction(name: string, join: (a: string, b: string) => string): string {
  return /* wgsl */ `
fn ${name}(local: u32, value: f32) -> f32 {
  lanes[local] = value;
  workgroupBarrier();
  if (local < ${PARTS}u) {
    var part = lanes[local * ${PARTS}u];
    for (var i = 1u; i < ${PARTS}u; i++) { part = ${join("part", `lanes[local * ${PARTS}u + i]`)}; }
    parts[local] = part;
  }
  workgroupBarrier();
  var result = parts[0];
  for (var i = 1u; i < ${PARTS}u; i++) { result = ${join("result", "parts[i]")}; }
  return result;
}`;
}

const THREEFRY = /* wgsl */ `
fn turn(x: vec2<u32>, by: u32) -> vec2<u32> {
  let sum = x.x + x.y;
  return vec2<u32>(sum, ((x.y << by) | (x.y >> (32u - by))) ^ sum);
}
fn threefry(key: vec2<u32>, counter: vec2<u32>) -> vec2<u32> {
  let k0 = key.x;
  let k1 = key.y;
  let k2 = PARITY ^ k0 ^ k1;
  var x = counter + key;
  ${
  range(RANDOM.GROUPS).map((group) => {
    const turns = range(4).map((i) => `x = turn(x, TURN${4 * (group % 2) + i});`).join(" ");
    return `${turns} x += vec2<u32>(k${(group + 1) % 3}, k${(group + 2) % 3} + ${group + 1}u);`;
  }).join("\n  ")
}
  return x;
}`;

/**
 * −log(1 − u) of u = (n + ½)/2³²: the winners have small u, where 1 − u would lose its digits and WGSL's log is
 * only good to 2⁻²¹. With s = u/(2 − u), −log(1 − u) = 2·atanh(s) = 2(s + s³/3 + …), s ≤ 1/3, tail below 2e-8.
 */
const EXPONENTIAL = /* wgsl */ `
fn exponential(n: u32) -> f32 {
  let u = min((f32(n) + 0.5) * ${2 ** -32}, 0.99999994);
  if (u > 0.5) { return -log(1.0 - u); }
  let s = u / (2.0 - u);
  let q = s * s;
  return 2.0 * (s + s * q * (1.0 / 3.0 + q * (0.2 + q * (1.0 / 7.0 + q * (1.0 / 9.0 +
    q * (1.0 / 11.0 + q * (1.0 / 13.0)))))));
}
fn hash(id: u32, draw: vec2<u32>) -> u32 {
  var x = id * GOLDEN + draw.x;
  x = ((x ^ (x >> 16u)) * MIX0) ^ draw.y;
  x = (x ^ (x >> 15u)) * MIX1;
  return x ^ (x >> 16u);
}`;

/** `threefry(key, counter)`, `hash(id, draw)` and `exponential(n)`, of the constants in {@linkcode RANDOM}. */
export const randomWgsl: string = THREEFRY + EXPONENTIAL;

/** The shader. */
export function sampleWgsl(): string {
  return /* wgsl */ `
var<workgroup> lanes: array<f32, ${THREADS}>;
var<workgroup> parts: array<f32, ${PARTS}>;
var<workgroup> who: array<u32, ${THREADS}>;
var<workgroup> over: u32;
${reduction("total", (a, b) => `${a} + ${b}`)}
${reduction("most", (a, b) => `max(${a}, ${b})`)}
${randomWgsl}${NON_FINITE_WGSL}
// Whole numbers in the order of floats; −0 is 0.
fn ordered(x: f32) -> u32 {
  let bits = bitcast<u32>(select(x, 0.0, x == 0.0));
  return select(bits | 0x80000000u, ~bits, (bits >> 31u) == 1u);
}
// The id of the largest score, the lowest of equals; every thread's best comes in.
fn winner(local: u32, score: f32, id: u32) -> u32 {
  lanes[local] = score;
  who[local] = id;
  workgroupBarrier();
  for (var s = ${THREADS / 2}u; s > 0u; s >>= 1u) {
    if (local < s) {
      let other = lanes[local + s];
      if (other > lanes[local] || (other == lanes[local] && who[local + s] < who[local])) {
        lanes[local] = other;
        who[local] = who[local + s];
      }
    }
    workgroupBarrier();
  }
  return who[0];
}${eachWorkgroupWgsl("row", "p.rows", THREADS)}
  let base = row * V;
  let to = row * p.width + p.step;
  if (local == 0u) { over = done[row]; }
  if (workgroupUniformLoad(&over) != 0u) {
    if (local == 0u) {
      ids[to] = p.pad;
      logps[to] = 0.0;
    }
    return;
  }

  var own = 0.0;
  for (var i = local; i < V; i += WORKGROUP) { if (isNonFinite(logits[base + i])) { own = 1.0; } }
  let wrong = total(local, own);
  if (local == 0u && wrong > 0.0) { over = BROKEN; }
  if (workgroupUniformLoad(&over) == BROKEN) {
    if (local == 0u) {
      ids[to] = p.pad;
      logps[to] = 0.0;
      done[row] = BROKEN;
    }
    return;
  }
  own = -3e38;
  for (var i = local; i < V; i += WORKGROUP) { own = max(own, logits[base + i]); }
  let top = most(local, own);
  own = 0.0;
  for (var i = local; i < V; i += WORKGROUP) { own += exp(logits[base + i] - top); }
  let sum = total(local, own);

  var best = -1.0;
  var id = V;
  if (p.greedy == 1u) {
    for (var i = local; i < V; i += WORKGROUP) {
      if (logits[base + i] == top && best < 0.0) {
        best = 1.0;
        id = i;
      }
    }
  } else {
    // The largest key whose count (top-k) or mass (top-p) of keys at or above it suffices.
    var least = 0u;
    let last = ordered(top) + 1u;
    if (p.topK > 0u) {
      var end = last;
      for (var turn = 0u; turn < 32u; turn++) {
        let middle = least + (end - least) / 2u;
        var count = 0.0; // exact below 2^24
        for (var i = local; i < V; i += WORKGROUP) {
          count += select(0.0, 1.0, ordered(logits[base + i]) >= middle);
        }
        if (total(local, count) >= f32(p.topK)) { least = middle; } else { end = middle; }
      }
    }
    if (p.topP < 1.0) {
      var end = last;
      var goal = 0.0;
      for (var turn = 0u; turn < 33u; turn++) {
        let middle = select(least + (end - least) / 2u, least, turn == 0u);
        var mass = 0.0;
        for (var i = local; i < V; i += WORKGROUP) {
          let l = logits[base + i];
          if (ordered(l) >= middle) { mass += exp((l - top) * p.inverse); }
        }
        mass = total(local, mass);
        if (turn == 0u) { goal = p.topP * mass; }
        if (mass >= goal) { least = middle; } else { end = middle; }
      }
    }
    let lowest = top + p.cut;
    let draw = threefry(vec2<u32>(p.seed0, p.seed1), vec2<u32>(streams[row], p.step));
    for (var i = local; i < V; i += WORKGROUP) {
      let l = logits[base + i];
      if (l >= lowest && ordered(l) >= least) {
        let score = exp((l - top) * p.inverse) / exponential(hash(i, draw));
        if (score > best) {
          best = score;
          id = i;
        }
      }
    }
  }
  id = min(winner(local, best, id), V - 1u);
  if (local == 0u) {
    ids[to] = id;
    logps[to] = logits[base + id] - top - log(sum);
    tokens[row] = id;
    lengths[row] += 1u;
    if (id == p.eos0 || id == p.eos1 || id == p.eos2 || id == p.eos3) { done[row] = ENDED; }
  }
}`;
}
