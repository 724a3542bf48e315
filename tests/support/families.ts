// Models of every family whose weights follow from a formula that tools/fixtures/families.py also computes.
import type { HostTensors } from "../../files/mod.ts";
import { type ModelConfig, parseModelConfig, tensorShapes } from "../../core/mod.ts";
import { jsonFixture } from "./fixtures.ts";

/** What transformers and peft say of one model. */
export interface FamilyCase {
  readonly seed: number;
  readonly sequences: number[][];
  readonly logits: { sequence: number; position: number; values: number[] }[];
  readonly logps: number[][];
  readonly greedy: { prompt: number[]; ids: number[] };
  readonly lora: {
    config: Record<string, unknown>;
    tensors: Record<string, number[]>;
    logps: number[][];
    /** By tensor: derivative of the mean NLL along `draws("direction " + name)`. */
    slopes: Record<string, number>;
  };
}

/** A family's fixture. */
export interface FamilyFixture {
  readonly config: Record<string, unknown>;
  readonly cases: readonly FamilyCase[];
}

/** Reads a fixture. */
export function familyFixture(variant: string): Promise<FamilyFixture> {
  return jsonFixture(`families/${variant}.json`);
}

/** FNV-1a, 32 bits. */
function fnv(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** Numbers in [−1, 1) of a name and a seed. */
export function draws(name: string, seed: number, count: number): Float64Array<ArrayBuffer> {
  const start = fnv(`${seed}:${name}`), out = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    let x = (Math.imul(i, 0x9e3779b9) + start) >>> 0;
    x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
    x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
    out[i] = ((x ^ (x >>> 16)) >>> 0) / 2 ** 31 - 1;
  }
  return out;
}

/** The weights of a fixture's model, as they would lie in its checkpoint. */
export function familyTensors(config: ModelConfig, seed: number): HostTensors {
  const plusOne = (config.family ?? "llama").startsWith("gemma");
  const tensors: HostTensors = new Map();
  for (const [name, shape] of tensorShapes(config)) {
    const u = draws(name, seed, shape.reduce((a, b) => a * b, 1));
    const base = plusOne || !name.endsWith(".weight") ? 0 : 1;
    const embeds = /embed|wte|wpe|lm_head/.test(name);
    const inDim = config.family === "gpt2" && shape.length === 2 ? shape[0] : shape[1];
    const value = shape.length === 1
      ? (x: number) => base + 0.2 * x
      : embeds
      ? (x: number) => 0.8 * x
      : (x: number) => x * Math.sqrt(3 / inDim);
    tensors.set(name, { shape, data: Float32Array.from(u, value) });
  }
  return tensors;
}

/** The config of a fixture. */
export function familyConfig(variant: string, fixture: FamilyFixture): ModelConfig {
  return parseModelConfig(fixture.config, `${variant}/config.json`);
}
