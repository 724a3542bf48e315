// Between our adapters (one flat row, B transposed) and PEFT's: A [r, in] and B [out, r] of each module.
import type { HostTensor } from "../io/host_tensor.ts";
import type { PeftAdapter } from "../io/peft.ts";
import type { LlamaConfig } from "../model/config.ts";
import { linearLayers } from "../model/llama.ts";
import { type AdapterLayout, adapterLayout } from "./adapter.ts";

/** One adapter on the host. */
export interface HostAdapter {
  /** Where its matrices are. */
  readonly layout: AdapterLayout;
  /** [layout.size] f32. */
  readonly params: Float32Array<ArrayBuffer>;
}

/**
 * The matrices of one adapter as PEFT has them, ready for `encodePeftAdapter`.
 *
 * @example
 * ```ts
 * import { adapterLayout, fromPeft, linearLayers, parseLlamaConfig, toPeft } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const config = parseLlamaConfig({
 *   architectures: ["LlamaForCausalLM"], vocab_size: 16, hidden_size: 8,
 *   intermediate_size: 12, num_hidden_layers: 1, num_attention_heads: 2,
 * }, "config.json");
 * const layout = adapterLayout(linearLayers(config), { rank: 2, alpha: 4 });
 * const { aOffset } = layout.modules.get("model.layers.0.mlp.up_proj")!;
 * const params = new Float32Array(layout.size);
 * params[aOffset] = 7; // the first number of its A
 * const peft = toPeft({ layout, params }, { layers: 1, baseModel: "tiny" });
 * assertEquals(peft.factors.get("model.layers.0.mlp.up_proj")!.A.data[0], 7);
 * assertEquals(fromPeft(peft, config, "tiny-lora").params, params);
 * ```
 *
 * @param adapter One member on the host; not changed.
 * @param options `layers` of the base model; `baseModel`: its name or path, for people.
 * @returns Copies; alpha = scale · rank.
 */
export function toPeft(
  { layout, params }: HostAdapter,
  { layers, baseModel }: { layers: number; baseModel: string },
): PeftAdapter {
  const { rank } = layout;
  const factors = new Map([...layout.modules].map(([name, m]) => {
    const A = {
      shape: [rank, m.inDim],
      data: params.slice(m.aOffset, m.aOffset + rank * m.inDim),
    };
    const bT = params.subarray(m.bOffset, m.bOffset + rank * m.outDim);
    return [name, {
      A,
      B: { shape: [m.outDim, rank], data: transpose(bT, rank, m.outDim) },
    }] as const;
  }));
  const targetModules = [...new Set([...factors.keys()].map((name) => name.split(".").at(-1)!))];
  return { layers, targetModules, rank, alpha: layout.scale * rank, factors, baseModel };
}

/**
 * PEFT's matrices as one flat row with its layout, checked against a model.
 *
 * @example
 * ```ts
 * import { fromPeft, parseLlamaConfig } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const config = parseLlamaConfig({
 *   model_type: "llama", vocab_size: 16, hidden_size: 8,
 *   intermediate_size: 12, num_hidden_layers: 1, num_attention_heads: 2,
 * }, "config.json");
 * const factor = (shape: [number, number], value: number) => ({
 *   shape,
 *   data: new Float32Array(shape[0] * shape[1]).fill(value),
 * });
 * const peft = {
 *   ...{ layers: 1, targetModules: ["up_proj"], rank: 1, alpha: 2, baseModel: "tiny" },
 *   factors: new Map([
 *     ["model.layers.0.mlp.up_proj", { A: factor([1, 8], 3), B: factor([12, 1], 5) }],
 *   ]),
 * };
 * const { layout, params } = fromPeft(peft, config, "tiny-lora");
 * assertEquals([layout.scale, params[0], params[64]], [2, 3, 5]);
 * ```
 *
 * @param peft As `parsePeftAdapter` reads it; not changed.
 * @param config The model's sizes.
 * @param name What to call the adapter in errors.
 * @throws {TypeError} If a module is not the model's, or a matrix has another shape.
 */
export function fromPeft(peft: PeftAdapter, config: LlamaConfig, name: string): HostAdapter {
  const all = linearLayers(config);
  const names = new Set(all.map((layer) => layer.name));
  for (const module of peft.factors.keys()) {
    if (names.has(module)) continue;
    throw new TypeError(
      `Cannot use ${name}: it adapts ${module}, expected linear layers of the model's ${config.layers} blocks`,
    );
  }
  const layers = all.filter((layer) => peft.factors.has(layer.name)); // in the order of the model
  const { rank, alpha } = peft;
  const layout = adapterLayout(layers, { rank, alpha });
  const params = new Float32Array(layout.size);
  for (const [module, m] of layout.modules) {
    const { A, B } = peft.factors.get(module)!;
    requireShape(name, `lora_A of ${module}`, A, [rank, m.inDim]);
    requireShape(name, `lora_B of ${module}`, B, [m.outDim, rank]);
    params.set(A.data, m.aOffset);
    params.set(transpose(B.data, m.outDim, rank), m.bOffset);
  }
  return { layout, params };
}

function transpose(
  matrix: ArrayLike<number>,
  rows: number,
  columns: number,
): Float32Array<ArrayBuffer> {
  const out = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) out[j * rows + i] = matrix[i * columns + j];
  }
  return out;
}

function requireShape(name: string, what: string, { shape }: HostTensor, wanted: number[]): void {
  if (shape.join() !== wanted.join()) {
    throw new TypeError(
      `Cannot use ${name}: ${what} has shape [${shape}], expected [${wanted}] for this model`,
    );
  }
}
