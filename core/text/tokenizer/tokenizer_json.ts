// A tokenizer.json checked before it is used: kinds, ids, merges. What @huggingface/tokenizers takes on trust here
// would be a hang (an id of 10⁹), a token that is silently never made, or an untyped crash.
import { bare, isObject, quote, show } from "../../base/quote.ts";
import { type BpeFile, mergeOf } from "./bpe_model.ts";
import { patternFault } from "./normalizer_steps.ts";
import { cannotRead } from "../../base/mistake.ts";

/** A tokenizer.json that was checked, with what the reader of it needs. */
export interface CheckedTokenizer {
  /** The file with `model.type` and every list that the reader asks for. */
  readonly json: Record<string, unknown>;
  /** One more than the largest id, added tokens included. */
  readonly vocabSize: number;
}

/** An added token as the file has it. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly special?: boolean;
  readonly [key: string]: unknown;
}

const KINDS = ["BPE", "Unigram", "WordLevel", "WordPiece"];
const MOST_HOLES = 65_536; // ids that no token has; real vocabularies have a few hundred
const MOST_ENTRIES = 2_000_000; // real vocabularies have some 260,000 tokens, and twice as many merges
const DEEPEST = 16; // Sequence in Sequence

/** One more than the largest id of the model's own vocabulary, added tokens left out, of a checked file. */
export function modelSize(json: Record<string, unknown>): number {
  const vocab = isObject(json.model) ? json.model.vocab : undefined;
  if (Array.isArray(vocab)) return vocab.length;
  return largest(Object.values(isObject(vocab) ? vocab : {}) as number[]) + 1;
}

/** Checks a parsed tokenizer.json; `name` is what errors call it. */
export function checkTokenizerJson(value: unknown, name: string): CheckedTokenizer {
  if (!isObject(value)) {
    throw cannotRead(name, {
      found: `it is ${kindOf(value)}`,
      expected: "an object with model and decoder",
    });
  }
  const { model } = value;
  if (!isObject(model)) {
    throw cannotRead(name, {
      found: `model is ${show(model)}`,
      expected: "an object",
      fix: "Is this tokenizer_config.json? Give tokenizer.json",
    });
  }
  const type = model.type ?? (Array.isArray(model.vocab) ? "Unigram" : "BPE");
  if (typeof type !== "string" || !KINDS.includes(type)) {
    throw cannotRead(name, {
      found: `model.type is ${show(type)}`,
      expected: `one of ${KINDS.join(", ")}`,
    });
  }
  if (typeof (model.unk_token ?? "") !== "string") {
    throw cannotRead(name, {
      found: `model.unk_token is ${show(model.unk_token)}`,
      expected: "text or null",
    });
  }
  const added = checkAdded(value.added_tokens ?? [], name);
  const holder = type === "Unigram"
    ? checkPieces(model, name)
    : checkVocab(model.vocab, added.length, name);
  if (type === "BPE") checkMerges(model, holder, name);
  const byId = new Map(added.map(({ id }): [number, string | undefined] => [id, undefined]));
  for (const [token, id] of holder) if (byId.has(id)) byId.set(id, token);
  for (const { id, content } of added) {
    const other = byId.get(id);
    if (other !== undefined && other !== content) {
      throw cannotRead(name, {
        found: `id ${id} is ${quote(other)} in the vocabulary and ${quote(content)} in ` +
          "added_tokens",
        expected: "one token an id",
      });
    }
    checkId(id, holder.size + added.length, `added token ${quote(content)}`, name);
  }
  for (const part of ["normalizer", "pre_tokenizer", "post_processor", "decoder"]) {
    checkPart(value[part] ?? null, part, name, 0);
  }
  return {
    json: { ...value, model: { ...model, type }, added_tokens: added },
    vocabSize: Math.max(largest(holder.values()), largest(added.map(({ id }) => id))) + 1,
  };
}

function kindOf(value: unknown): string {
  return value === null ? "null" : Array.isArray(value) ? "an array" : `a ${typeof value}`;
}

function largest(ids: Iterable<number>): number {
  let most = -1;
  for (const id of ids) if (id > most) most = id;
  return most;
}

function checkCount(entries: number, field: string, name: string): void {
  if (entries <= MOST_ENTRIES) return;
  throw cannotRead(name, {
    found: `model.${field} has ${entries} entries`,
    expected: `at most ${MOST_ENTRIES}`,
  });
}

function checkId(id: unknown, tokens: number, what: string, name: string): void {
  if (typeof id === "number" && Number.isInteger(id) && id >= 0 && id < tokens + MOST_HOLES) return;
  throw cannotRead(name, {
    found: `the id of ${what} is ${show(id)}`,
    expected: `an integer below ${tokens + MOST_HOLES}, for ${tokens} tokens`,
  });
}

function checkVocab(vocab: unknown, added: number, name: string): Map<string, number> {
  if (!isObject(vocab)) {
    throw cannotRead(name, {
      found: `model.vocab is ${kindOf(vocab)}`,
      expected: "an object of ids by token",
    });
  }
  const entries = Object.entries(vocab);
  checkCount(entries.length, "vocab", name);
  if (entries.length === 0) {
    throw cannotRead(name, { found: "model.vocab is empty", expected: "tokens" });
  }
  const ids = new Map<string, number>();
  const tokens: (string | undefined)[] = [];
  for (const [token, id] of entries) {
    checkId(id, entries.length + added, `token ${quote(token)}`, name);
    const other = tokens[id as number];
    if (other !== undefined) {
      throw cannotRead(name, {
        found: `id ${id} is both ${quote(other)} and ${quote(token)}`,
        expected: "one token an id",
      });
    }
    tokens[id as number] = token;
    ids.set(token, id as number);
  }
  return ids;
}

/** The pieces of a unigram model: token and log-probability, the id is the place in the list, the last of equal ones. */
function checkPieces(model: Record<string, unknown>, name: string): Map<string, number> {
  const { vocab, unk_id: unknown } = model;
  if (!Array.isArray(vocab) || vocab.length === 0) {
    const found = Array.isArray(vocab) ? "empty" : kindOf(vocab);
    throw cannotRead(name, {
      found: `model.vocab is ${found}`,
      expected: "a list of [piece, score]",
    });
  }
  checkCount(vocab.length, "vocab", name);
  const ids = new Map<string, number>();
  vocab.forEach((entry: unknown, i) => {
    const fits = Array.isArray(entry) && entry.length === 2 && typeof entry[0] === "string" &&
      typeof entry[1] === "number";
    if (!fits) {
      throw cannotRead(name, {
        found: `model.vocab[${i}] is ${show(entry)}`,
        expected: "[piece, score]",
      });
    }
    ids.set(entry[0], i);
  });
  if (
    unknown !== null && unknown !== undefined &&
    !(Number.isInteger(unknown) && Number(unknown) >= 0 && Number(unknown) < vocab.length)
  ) {
    throw cannotRead(name, {
      found: `model.unk_id is ${show(unknown)}`,
      expected: `the id of one of ${vocab.length} pieces`,
    });
  }
  return ids;
}

function checkMerges(
  model: Record<string, unknown>,
  vocab: ReadonlyMap<string, number>,
  name: string,
): void {
  const { merges } = model;
  if (!Array.isArray(merges)) {
    throw cannotRead(name, {
      found: `model.merges is ${kindOf(merges)}`,
      expected: "a list of pairs",
    });
  }
  checkCount(merges.length, "merges", name);
  const prefix = typeof model.continuing_subword_prefix === "string"
    ? model.continuing_subword_prefix
    : "";
  const asText = typeof merges[0] === "string";
  for (let i = 0; i < merges.length; i++) {
    const merge: unknown = merges[i];
    const pair: unknown = asText && typeof merge === "string" ? merge.split(" ") : merge;
    const fits = Array.isArray(pair) && Array.isArray(merge) === !asText && pair.length === 2 &&
      typeof pair[0] === "string" && typeof pair[1] === "string" && pair[0] !== "" &&
      pair[1] !== "" && pair[1].startsWith(prefix);
    if (!fits) {
      throw cannotRead(name, {
        found: `model.merges[${i}] is ${show(merge)}`,
        expected: `two tokens${
          prefix === "" ? "" : `, the second with the prefix ${quote(prefix)}`
        }`,
      });
    }
    const missing = mergeOf(merge as BpeFile["merges"][number], prefix).find((token) =>
      !vocab.has(token)
    );
    if (missing !== undefined) {
      throw cannotRead(name, {
        found: `model.merges[${i}] names ${quote(missing)}`,
        expected: "tokens of the vocabulary",
      });
    }
  }
}

function checkAdded(value: unknown, name: string): AddedToken[] {
  if (!Array.isArray(value)) {
    throw cannotRead(name, { found: `added_tokens is ${kindOf(value)}`, expected: "a list" });
  }
  const ids = new Map<string, number>();
  const contents = new Map<number, string>();
  const tokens: AddedToken[] = [];
  value.forEach((entry: unknown, i) => {
    if (!isObject(entry) || typeof entry.content !== "string" || typeof entry.id !== "number") {
      throw cannotRead(name, {
        found: `added_tokens[${i}] is ${show(entry)}`,
        expected: "id and content",
      });
    }
    const { id, content } = entry;
    if (content === "") return; // tokenizers leaves it out too
    const twice = ids.get(content) ?? id;
    const other = contents.get(id) ?? content;
    if (twice !== id || other !== content) {
      throw cannotRead(
        name,
        twice !== id
          ? {
            found: `added token ${quote(content)} has the ids ${twice} and ${id}`,
            expected: "one",
          }
          : {
            found: `id ${id} is both ${quote(other)} and ${quote(content)}`,
            expected: "one token an id",
          },
      );
    }
    ids.set(content, id);
    contents.set(id, content);
    tokens.push({ ...entry, id, content });
  });
  return tokens;
}

/** A normalizer, pre-tokenizer, post-processor or decoder: an object with a type, not nested without end. */
function checkPart(value: unknown, part: string, name: string, depth: number): void {
  if (value === null) return;
  if (!isObject(value) || typeof value.type !== "string") {
    throw cannotRead(name, {
      found: `${part} is ${show(value)}`,
      expected: "null or an object with type",
    });
  }
  if (depth > DEEPEST) {
    throw cannotRead(name, {
      found: `${part} is nested more than ${DEEPEST} deep`,
      expected: "a plain sequence",
    });
  }
  const fault = patternFault(value.pattern);
  if (fault !== undefined) {
    throw cannotRead(name, {
      found: `${part} has the pattern ${show(Object.values(value.pattern as object)[0])}`,
      expected: `one that takes no longer than its text, and it has ${bare(fault)}`,
    });
  }
  for (const list of ["normalizers", "pretokenizers", "processors", "decoders"]) {
    const parts = value[list];
    if (parts === undefined) continue;
    if (!Array.isArray(parts)) {
      throw cannotRead(name, { found: `${part}.${list} is ${kindOf(parts)}`, expected: "a list" });
    }
    for (const entry of parts) checkPart(entry, part, name, depth + 1);
  }
}
