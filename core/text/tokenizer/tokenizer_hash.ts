// Whose token ids are these? A fingerprint of all that ids depend on: vocabulary, merges, added tokens and the steps
// before them. Where it is the same, ids mean the same; a chat template, padding and truncation are not in it.
import { isObject } from "../../base/quote.ts";
import { sha256 } from "../../base/sha256.ts";

type Json = Readonly<Record<string, unknown>>;

/**
 * SHA-256 of what a tokenizer makes ids by, whatever order or spelling its file has.
 *
 * @example
 * ```ts
 * import { tokenizerHash } from "@leash/bpo/core";
 * import { assertEquals, assertNotEquals } from "@std/assert";
 * const file = (vocab: Record<string, number>, merges: unknown[]) => ({ model: { type: "BPE", vocab, merges } });
 * const hash = await tokenizerHash(file({ h: 0, i: 1, hi: 2 }, [["h", "i"]]));
 * assertEquals(await tokenizerHash(file({ hi: 2, i: 1, h: 0 }, ["h i"])), hash);
 * assertNotEquals(await tokenizerHash(file({ h: 1, i: 0, hi: 2 }, ["h i"])), hash);
 * ```
 *
 * @param tokenizerJson A parsed tokenizer.json, or what stands for it.
 * @returns 64 hexadecimal digits.
 */
export async function tokenizerHash(tokenizerJson: unknown): Promise<string> {
  const { model, added_tokens, normalizer, pre_tokenizer, post_processor } = isObject(tokenizerJson)
    ? tokenizerJson
    : {};
  const { vocab, merges, ...rest } = isObject(model) ? model : {} as Json;
  const content = {
    ...{ vocab: wordsOf(vocab), merges: mergesOf(merges), model: rest },
    added: Array.isArray(added_tokens) ? added_tokens.toSorted(byId) : [],
    ...{ normalizer, pre_tokenizer, post_processor },
  };
  return await sha256(JSON.stringify(tidy(content)));
}

/** Pieces by id, or as a list of pieces with scores has them. */
function wordsOf(vocab: unknown): unknown {
  if (!isObject(vocab)) return vocab;
  return Object.entries(vocab).sort(([, a], [, b]) => Number(a) - Number(b));
}

function mergesOf(merges: unknown): unknown {
  return Array.isArray(merges)
    ? merges.map((merge) => Array.isArray(merge) ? merge.join(" ") : merge)
    : [];
}

const byId = (a: unknown, b: unknown) => Number((a as Json)?.id) - Number((b as Json)?.id);

/** Keys in order; what is null or false is as if it were not there. */
function tidy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(tidy);
  if (!isObject(value)) return value;
  const there = Object.entries(value).filter(([, entry]) =>
    entry !== null && entry !== undefined && entry !== false
  );
  return Object.fromEntries(
    there.sort(([a], [b]) => a < b ? -1 : 1).map(([key, entry]) => [key, tidy(entry)]),
  );
}
