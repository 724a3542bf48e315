// Which tokens go before and after a text: by the post-processor, or by add_bos_token and add_eos_token, which
// transformers 5.23 reads only where a class makes the tokenizer of vocab.json and merges.txt.
import { isObject, show } from "../../base/quote.ts";
import { cannotRead } from "../../base/mistake.ts";

type Json = Record<string, unknown>;

/** Ids before and after a text. */
export interface EdgeTokens {
  /** Ids that go first, usually begin-of-sequence. */
  readonly first: readonly number[];
  /** Ids that go last. */
  readonly last: readonly number[];
}

const NONE: EdgeTokens = { first: [], last: [] };

/** The edges of a text by a tokenizer.json called `name` and by the flags of `config`, as transformers puts them. */
export function edgeTokens(
  json: Json,
  config: Json,
  ids: { bos: number | undefined; eos: number | undefined },
  name: string,
): EdgeTokens {
  if (isObject(json.post_processor)) return ofProcessor(json.post_processor, name);
  if ("add_bos_token" in config || "add_eos_token" in config) {
    const one = (id: number | undefined, add: unknown) => add && id !== undefined ? [id] : [];
    return { first: one(ids.bos, config.add_bos_token), last: one(ids.eos, config.add_eos_token) };
  }
  return NONE;
}

function ofProcessor(processor: Json, name: string): EdgeTokens {
  switch (processor.type) {
    case "Sequence": {
      const all = Array.isArray(processor.processors) ? processor.processors : [];
      return all.filter(isObject).map((part) => ofProcessor(part, name)).reduce((a, b) => ({
        first: [...b.first, ...a.first],
        last: [...a.last, ...b.last],
      }), NONE);
    }
    case "TemplateProcessing":
      return ofTemplate(processor, name);
    case "BertProcessing":
    case "RobertaProcessing": {
      const id = (pair: unknown) => Array.isArray(pair) && isId(pair[1]) ? [pair[1]] : [];
      return { first: id(processor.cls), last: id(processor.sep) };
    }
    default:
      return NONE;
  }
}

function ofTemplate(processor: Json, name: string): EdgeTokens {
  const { single, special_tokens: special } = processor;
  const wrong = (what: unknown): never => {
    throw cannotRead(name, {
      found: `post_processor.single has ${show(what)}`,
      expected: "the sequence A and special tokens with ids",
    });
  };
  if (!Array.isArray(single)) return wrong(single);
  const edges: [number[], number[]] = [[], []];
  let side = 0;
  for (const item of single) {
    if (isObject(item) && isObject(item.Sequence)) {
      side = 1;
    } else if (isObject(item) && isObject(item.SpecialToken)) {
      const { id } = item.SpecialToken;
      const known = isObject(special) && typeof id === "string" && Object.hasOwn(special, id);
      const entry = known ? special[id] : undefined;
      const list = isObject(entry) && Array.isArray(entry.ids) ? entry.ids : wrong(item);
      if (list.length > 16 || !list.every(isId)) wrong(item);
      edges[side].push(...list);
    } else {
      wrong(item);
    }
  }
  return side === 1 ? { first: edges[0], last: edges[1] } : wrong(single);
}

function isId(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0;
}
