// A model that says "tied" has one matrix for embedding and head, in its file under either name or under both. Where
// both are there and differ, the file is right and the config is not: both are kept, as transformers 5 does.
import type { HostTensors } from "../base/host_tensor.ts";
import type { TensorSource } from "../base/tensor_source.ts";
import { familyOf } from "./families/mod.ts";
import { canonicalName } from "./shapes.ts";
import type { ModelConfig } from "./types.ts";

/** A model's config and tensors, agreed on whether there is a head of its own. */
export interface Settled<Tensors> {
  /** `tied` as the tensors have it. */
  readonly config: ModelConfig;
  /** Without a second copy of a tied matrix. */
  readonly tensors: Tensors;
}

/**
 * Tensors of a checkpoint by the names of this package, with the names that they have there: for every loader the same.
 * What a model does not need is left out; a tied matrix that lies there as the head alone is the embedding.
 *
 * @param config Settled by {@linkcode settleHead}.
 * @param names As stored.
 */
export function storedNames(config: ModelConfig, names: Iterable<string>): Map<string, string> {
  const stored = new Map<string, string>();
  let head: string | undefined;
  for (const name of names) {
    const canonical = canonicalName(config, name);
    if (canonical !== undefined) stored.set(canonical, name);
    else if (isHead(config, name)) head = name;
  }
  const embedding = `${familyOf(config).names.embedding}.weight`;
  if (config.tied && head !== undefined && !stored.has(embedding)) stored.set(embedding, head);
  return stored;
}

/**
 * Looks whether a model that says "tied" has a head of its own in its checkpoint.
 *
 * @example
 * ```ts
 * import { initModel, keyOf, parseModelConfig, settleHead, sourceOfTensors } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const config = parseModelConfig({
 *   model_type: "llama", vocab_size: 16, hidden_size: 8, tie_word_embeddings: true,
 *   intermediate_size: 12, num_hidden_layers: 1, num_attention_heads: 2,
 * }, "config.json");
 * const tensors = initModel(config, keyOf(1));
 * tensors.set("lm_head.weight", { shape: [16, 8], data: new Float32Array(128) });
 * const settled = await settleHead(config, sourceOfTensors(tensors));
 * assertEquals(settled.config.tied, false);
 * ```
 *
 * @param source Borrowed.
 * @returns The config with `tied` false where the head is another matrix, and the source without a second copy where it
 * is the same.
 * @throws {TypeError} If one of the two cannot be read.
 */
export async function settleHead<Source extends TensorSource>(
  config: ModelConfig,
  source: Source,
): Promise<Settled<Source>> {
  const both = headAndEmbedding(config, source.tensors.keys());
  if (both === undefined) return { config, tensors: source };
  if (!await sameNumbers(source, both)) {
    return { config: { ...config, tied: false }, tensors: source };
  }
  const tensors = new Map(source.tensors);
  tensors.delete(both[0]);
  return { config, tensors: { ...source, tensors } };
}

/** As {@linkcode settleHead} for tensors in memory, which stay as they are. */
export function settleHostHead(config: ModelConfig, tensors: HostTensors): Settled<HostTensors> {
  const both = headAndEmbedding(config, tensors.keys());
  if (both === undefined) return { config, tensors };
  const [head, embedding] = both.map((name) => tensors.get(name)!);
  if (head.shape.join() !== embedding.shape.join() || !equal(head.data, embedding.data)) {
    return { config: { ...config, tied: false }, tensors };
  }
  return { config, tensors: new Map([...tensors].filter(([name]) => name !== both[0])) };
}

/** Stored names of a tied model's head and embedding, where both are there. */
function headAndEmbedding(
  config: ModelConfig,
  names: Iterable<string>,
): [head: string, embedding: string] | undefined {
  if (!config.tied) return undefined;
  const wanted = `${familyOf(config).names.embedding}.weight`;
  let head: string | undefined, embedding: string | undefined;
  for (const name of names) {
    if (isHead(config, name)) head = name;
    else if (canonicalName(config, name) === wanted) embedding = name;
  }
  return head === undefined || embedding === undefined ? undefined : [head, embedding];
}

function isHead(config: ModelConfig, name: string): boolean {
  return name === `${familyOf(config).names.head}.weight` || name === "lm_head.weight";
}

async function sameNumbers(
  source: TensorSource & { readBytes?(name: string): Promise<Uint8Array> },
  names: readonly [string, string],
): Promise<boolean> {
  const [head, embedding] = names.map((name) => source.tensors.get(name)!);
  if (head.shape.join() !== embedding.shape.join()) return false;
  if (source.readBytes && head.dtype === embedding.dtype) {
    const [a, b] = [await source.readBytes(names[0]), await source.readBytes(names[1])];
    if (equal(a, b)) return true; // else they may still differ in the sign of a zero alone
  }
  return equal(await source.read(names[0]), await source.read(names[1]));
}

function equal(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
