// What tensors there are, by type; and that their numbers can be read, where there are few enough to look at all.
import type { TensorInfo, TensorSource } from "../../core/mod.ts";
import { GGML_TYPE_IDS, GGML_TYPES } from "../../core/formats/gguf/ggml_types.ts";
import { elementBytes } from "../../core/formats/safetensors_header.ts";
import type { ReportValue } from "./report.ts";

/** Bytes of tensors up to which all numbers are read without being asked for. */
export const READ_BYTES: number = 2 ** 27;

/** Types whose numbers this library reads from safetensors. */
const FLOATS = ["F32", "F16", "BF16"];

/** Bytes of a tensor in its file; undefined for a type that nobody knows. */
export function tensorBytes({ shape, dtype }: TensorInfo): number | undefined {
  const elements = shape.reduce((product, extent) => product * extent, 1);
  const whole = elementBytes(dtype);
  if (whole !== undefined) return elements * whole;
  const block = GGML_TYPES.get(GGML_TYPE_IDS.get(dtype) ?? -1);
  return block && elements / block.elements * block.bytes;
}

/** Counts by type, most bytes first. */
export function tensorCounts(
  tensors: ReadonlyMap<string, TensorInfo>,
): { readonly [name: string]: ReportValue } {
  const byType = new Map<string, { tensors: number; parameters: number; bytes: number }>();
  for (const info of tensors.values()) {
    const count = byType.get(info.dtype) ?? { tensors: 0, parameters: 0, bytes: 0 };
    count.tensors++;
    count.parameters += info.shape.reduce((product, extent) => product * extent, 1);
    count.bytes += tensorBytes(info) ?? 0;
    byType.set(info.dtype, count);
  }
  const types = [...byType].map(([dtype, count]) => ({ dtype, ...count }))
    .sort((a, b) => b.bytes - a.bytes);
  const sum = (field: "parameters" | "bytes") =>
    types.reduce((total, type) => total + type[field], 0);
  return { parameters: sum("parameters"), tensors: tensors.size, bytes: sum("bytes"), types };
}

/** How to look at numbers. */
export interface ReadOptions {
  /** Whatever their size. */
  readonly values: boolean;
  /** Ends it between two tensors. */
  readonly signal?: AbortSignal;
  /** Hears how far it is. */
  readonly onProgress?: (done: number, of: number) => void;
}

/**
 * Reads all numbers, one tensor at a time, so that what cannot be read or is not finite is refused.
 *
 * @returns Whether all were read; false where there are too many and nobody asked.
 */
export async function readNumbers(
  source: TensorSource,
  { values, signal, onProgress }: ReadOptions,
): Promise<boolean> {
  const all = [...source.tensors];
  const bytes = all.reduce((sum, [, info]) => sum + (tensorBytes(info) ?? 0), 0);
  if (!values && bytes > READ_BYTES) return false;
  // Buffers of integers may lie beside weights and are never read; a file that has nothing else is no model.
  const isRead = ({ dtype }: TensorInfo) =>
    FLOATS.includes(dtype) || elementBytes(dtype) === undefined;
  const wanted = all.some(([, info]) => isRead(info))
    ? all.filter(([, info]) => isRead(info))
    : all;
  for (const [i, [name]] of wanted.entries()) {
    signal?.throwIfAborted();
    onProgress?.(i, wanted.length);
    await source.read(name);
  }
  return true;
}
