// A LoRA adapter as the GGUF file that llama.cpp loads beside a model: A and B of each layer under ggml's names, B's rows
// where the model's rows were put. y += (alpha / rank)·B·A·x.
import { narrowFloats } from "../../base/float_bytes.ts";
import type { LoraFactors } from "../../lora/factors.ts";
import type { HostTensor } from "../../base/host_tensor.ts";
import { quote, showShape } from "../../base/quote.ts";
import type { GgufRowOrder, Heads } from "../../model/gguf_family.ts";
import { ARCHITECTURES, ggufFamily, ggufModuleName, ggufRowOrder } from "./names.ts";
import { encodeGguf, type GgufEntry, type GgufTensorData } from "./writer.ts";
import { Mistake } from "../../base/mistake.ts";

/** An adapter to write. */
export interface LoraGguf extends Heads {
  /** The base model's, as GGUF has it: "llama", "qwen2", "gemma3". */
  readonly architecture: string;
  /** llama.cpp scales B·A by alpha / r; a rank-stabilised adapter passes its alpha times √r. */
  readonly alpha: number;
  /** A [r, in] and B [out, r] by Hugging Face module name: "model.layers.0.self_attn.q_proj"; borrowed. */
  readonly factors: ReadonlyMap<string, LoraFactors>;
  /** How numbers are stored; default "F32". */
  readonly dtype?: "F32" | "F16";
  /** `general.name`. */
  readonly name?: string;
}

/**
 * A GGUF adapter for `llama-cli --lora`.
 *
 * @example
 * ```ts
 * import { encodeLoraGguf, fileOfBytes, readGgufHeader } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const A = { shape: [1, 4], data: new Float32Array(4) }, B = { shape: [2, 1], data: new Float32Array(2) };
 * const factors = new Map([["model.layers.0.self_attn.v_proj", { A, B }]]);
 * const bytes = encodeLoraGguf({ architecture: "llama", alpha: 16, factors, heads: 2, kvHeads: 1 });
 * const { tensors } = await readGgufHeader(fileOfBytes(bytes, "adapter.gguf"));
 * assertEquals([...tensors.keys()], ["blk.0.attn_v.weight.lora_a", "blk.0.attn_v.weight.lora_b"]);
 * ```
 *
 * @param adapter `heads` and `kvHeads` are the base model's: Llama's query and key rows are reordered by them.
 * @throws {Mistake} If the architecture or a module is not known, or shapes do not fit together.
 * @throws {Mistake} If `alpha` is not positive and finite, or a number does not fit F16.
 * @see https://github.com/ggml-org/llama.cpp/blob/master/convert_lora_to_gguf.py
 */
export function encodeLoraGguf(adapter: LoraGguf): Uint8Array<ArrayBuffer> {
  const { architecture, alpha, factors, dtype = "F32", name } = adapter;
  const family = ggufFamily(architecture);
  if (family === undefined) {
    throw mistake(
      `architecture is ${quote(architecture)}`,
      `one of ${ARCHITECTURES.join(", ")}`,
    );
  }
  if (!(alpha > 0 && Number.isFinite(alpha))) {
    throw new Mistake("file", {
      verb: "write",
      thing: "the adapter",
      found: `alpha is ${alpha}`,
      expected: "a finite number above 0",
    });
  }
  if (factors.size === 0) throw mistake("it has no factors", "those of at least one module");
  const metadata: GgufEntry[] = [
    ["general.architecture", "string", architecture],
    ["general.type", "string", "adapter"],
    ["adapter.type", "string", "lora"],
    ...(name === undefined ? [] : [["general.name", "string", name] as const]),
    ["general.file_type", "u32", dtype === "F32" ? 0 : 1],
    ["adapter.lora.alpha", "f32", alpha],
    ["general.quantization_version", "u32", 2],
  ];
  const tensors = [...factors].flatMap(([module, pair]) => {
    const base = ggufModuleName(family, module);
    if (base === undefined) {
      throw mistake(
        `module ${quote(module)} is no part of ${architecture}`,
        "a linear layer of it",
      );
    }
    const order = ggufRowOrder(family, base, adapter);
    checkShapes(module, pair, order?.unit ?? 1);
    const b = reordered(pair.B, order);
    return [
      tensor(`${base}.weight.lora_a`, pair.A, dtype),
      tensor(`${base}.weight.lora_b`, b, dtype),
    ];
  });
  return encodeGguf(metadata, tensors);
}

function checkShapes(module: string, { A, B }: LoraFactors, unit: number): void {
  const fit = A.shape.length === 2 && B.shape.length === 2 && A.shape[0] === B.shape[1] &&
    A.data.length === A.shape[0] * A.shape[1] && B.data.length === B.shape[0] * B.shape[1];
  if (!fit) {
    throw mistake(
      `module ${quote(module)} has A ${showShape(A.shape)} and B ${showShape(B.shape)}`,
      "A [r, in] and B [out, r]",
    );
  }
  if (B.shape[0] % unit !== 0) {
    throw mistake(
      `module ${quote(module)} has ${B.shape[0]} rows`,
      `a multiple of ${unit} for its heads`,
    );
  }
}

/** Rows as Hugging Face has them to rows as the GGUF model has them. */
function reordered(
  { shape, data }: HostTensor,
  order: GgufRowOrder | undefined,
): HostTensor {
  if (order === undefined) return { shape, data };
  const [rows, width] = shape;
  const out = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    out.set(data.subarray(row * width, (row + 1) * width), order.rowOf(row, rows) * width);
  }
  return { shape, data: out };
}

function tensor(
  name: string,
  { shape, data }: HostTensor,
  dtype: "F32" | "F16",
): GgufTensorData {
  return { name, shape, type: dtype, bytes: narrowFloats(name, data, dtype) };
}

function mistake(found: string, expected: string): Mistake {
  return new Mistake("file", { verb: "write", thing: "the adapter", found, expected });
}
