// Tensors of a GGUF file by their Hugging Face names and back: ggml has a name for each role, and a family says what has
// that role. What llama.cpp's converter did to their values: where each row went, what is turned over, what has 1 added.
import { FAMILIES } from "../../model/families/mod.ts";
import type { BlockNames, Family } from "../../model/family.ts";
import type { GgufFields, GgufRowOrder, Heads } from "../../model/gguf_family.ts";

/** Architectures that are read, as `general.architecture` says them. */
export const ARCHITECTURES: readonly string[] = [
  ...new Set(FAMILIES.map(({ gguf }) => gguf.architecture)),
];

/** Tensors that are no weights of the model: rope factors, which the configuration takes. */
export const ROPE_TENSORS: readonly string[] = [
  "rope_freqs.weight",
  "rope_factors_long.weight",
  "rope_factors_short.weight",
];

/**
 * The family of an architecture, if there is one: of several, the one that knows the file as its own. All have the
 * same names and layouts.
 *
 * @param fields The file's; without it, the family that has most of the architecture's files.
 */
export function ggufFamily(architecture: string, fields?: GgufFields): Family | undefined {
  const families = FAMILIES.filter(({ gguf }) => gguf.architecture === architecture);
  return families.find(({ gguf }) => fields !== undefined && gguf.is?.(fields)) ??
    families.find(({ gguf }) => gguf.is === undefined);
}

/** A family's Hugging Face names, by ggml's names of their roles. */
interface Roles {
  /** Outside the blocks. */
  readonly whole: ReadonlyMap<string, string>;
  /** In a block, between its number and ".weight" or ".bias". */
  readonly block: ReadonlyMap<string, string>;
}

const roles = new Map<Family, Roles>();

function rolesOf(family: Family): Roles {
  const known = roles.get(family) ?? { whole: wholeRoles(family), block: blockRoles(family) };
  roles.set(family, known);
  return known;
}

function wholeRoles({ names }: Family): ReadonlyMap<string, string> {
  return present([
    ["token_embd", names.embedding],
    ["position_embd", names.positions],
    ["output_norm", names.finalNorm],
    ["output", names.head],
  ]);
}

function blockRoles({ names: { block } }: Family): ReadonlyMap<string, string> {
  return present([
    ["attn_norm", block.attentionNorm],
    ["attn_q_norm", block.qkNorm?.q],
    ["attn_k_norm", block.qkNorm?.k],
    ["post_attention_norm", block.attentionPostNorm],
    ["ffn_norm", block.mlpNorm],
    ["post_ffw_norm", block.mlpPostNorm],
    ...linearRoles(block),
  ]);
}

function linearRoles({ attention, o, mlp, down }: BlockNames): [string, string][] {
  return [
    ...Object.entries("q" in attention ? attention : { qkv: attention.qkv })
      .map(([part, name]): [string, string] => [`attn_${part}`, name]),
    ["attn_output", o],
    ...("gate" in mlp ? [["ffn_gate", mlp.gate] as [string, string]] : []),
    ["ffn_up", "gateUp" in mlp ? mlp.gateUp : mlp.up],
    ["ffn_down", down],
  ];
}

function present(entries: readonly (readonly [string, string | undefined])[]) {
  return new Map(entries.flatMap(([role, name]) => name === undefined ? [] : [[role, name]]));
}

/**
 * The Hugging Face name of a tensor, if it has one.
 *
 * @param name As the GGUF file has it: "blk.0.attn_q.weight".
 */
export function huggingFaceName(family: Family, name: string): string | undefined {
  const [, block, part, kind] =
    /^(?:blk\.(0|[1-9]\d{0,5})\.)?([a-z_]+)\.(weight|bias)$/.exec(name) ??
      [];
  if (part === undefined) return undefined;
  const { whole, block: inBlock } = rolesOf(family);
  const found = (block === undefined ? whole : inBlock).get(part);
  if (found === undefined) return undefined;
  return `${block === undefined ? "" : `${family.names.blocks}${block}.`}${found}.${kind}`;
}

/**
 * The GGUF name of a module, without ".weight", if it has one.
 *
 * @param module As Hugging Face has it: "model.layers.0.self_attn.q_proj".
 */
export function ggufModuleName(family: Family, module: string): string | undefined {
  const { blocks } = family.names, { whole, block: inBlock } = rolesOf(family);
  const find = (table: ReadonlyMap<string, string>, wanted: string) =>
    [...table].find(([, name]) => name === wanted)?.[0];
  if (!module.startsWith(blocks)) return find(whole, module);
  const [, block, rest] = /^(0|[1-9]\d{0,5})\.(.+)$/.exec(module.slice(blocks.length)) ?? [];
  const part = rest === undefined ? undefined : find(inBlock, rest);
  return part === undefined ? undefined : `blk.${block}.${part}`;
}

/**
 * Where the converter put the rows of a tensor; nothing where they lie as they did.
 *
 * @param name The GGUF tensor's or module's name.
 */
export function ggufRowOrder(
  { gguf }: Family,
  name: string,
  heads: Heads,
): GgufRowOrder | undefined {
  const [blk, , part] = name.split(".");
  return blk === "blk" && part !== undefined ? gguf.rows?.(part, heads) : undefined;
}

/** Whether Hugging Face keeps the weight as [in, out], GPT-2's Conv1D, which the converter turned over. */
export function isTransposed({ transposed = false, names }: Family, name: string): boolean {
  const part = /^blk\.\d+\.([a-z_]+)\.weight$/.exec(name)?.[1];
  return transposed && linearRoles(names.block).some(([role]) => role === part);
}

/** Whether 1 was added to the weight: Gemma's norms multiply by 1 + w. */
export function isShifted({ norm }: Family, name: string): boolean {
  return norm === "rmsPlusOne" && name.endsWith("norm.weight");
}
