// A pair as TRL is to be given it, so that its own tokenisation makes the recorded ids: dialogues as messages, text as
// text, with the template's special tokens spelt out. TRL 1.16 encodes the prompt and each answer after the prompt.

/** What a column holds; each value may be null. "json" is any value: as it is in JSON lines, its JSON in Parquet. */
export type ColumnKind =
  | "text"
  | "real"
  | "int"
  | "reals"
  | "ints"
  | "json"
  | { readonly list: ColumnKind }
  | { readonly fields: Readonly<Record<string, ColumnKind>> };

/** A turn; that of an answer has `rendered`, what the run's template wrote for it. */
export interface TrlMessage {
  /** Whose it is. */
  readonly role: string;
  /** Its content, calls of tools and whatever else it has. */
  readonly [field: string]: unknown;
}

/** What a line of pairs.jsonl says of an answer. */
export interface RecordedAnswer {
  /** For people, without its end token. */
  readonly text: string;
  /** With its special tokens spelt out. */
  readonly spelled?: string;
  /** Whether the spelling has the recorded ids. */
  readonly isExact?: boolean;
  /** Its turns, where a dataset has them. */
  readonly turns?: readonly TrlMessage[];
}

/** What a line of pairs.jsonl says of a prompt and of its answers. */
export interface RecordedPair {
  /** For people. */
  readonly prompt: string;
  /** Its turns, where it is a dialogue. */
  readonly messages?: readonly TrlMessage[];
  /** Tools that the template described. */
  readonly tools?: readonly unknown[];
  /** With its special tokens spelt out. */
  readonly spelled?: string;
  /** Spelling of what the tokenizer puts before text of its own accord. */
  readonly begin?: string;
  /** Spelling of the tokenizer's end token. */
  readonly end?: string;
  /** The answer that won. */
  readonly chosen: RecordedAnswer;
  /** The other. */
  readonly rejected: RecordedAnswer;
}

/**
 * Whether TRL makes the recorded ids of a row: "same"; "end": it puts an end token after an answer that was cut or
 * ended otherwise; "text": no text has these ids; null: the line does not say.
 */
export type TrlIds = "same" | "end" | "text" | null;

/** Columns that a preference trainer reads. */
export interface TrlColumns {
  /** Text, or turns. */
  readonly prompt: string | readonly TrlMessage[];
  /** The answer that won. */
  readonly chosen: string | readonly TrlMessage[];
  /** The other. */
  readonly rejected: string | readonly TrlMessage[];
  /** JSON of the tools, where there are messages. */
  readonly tools?: string | null;
  /** What TRL renders messages with, where there are some. */
  readonly chat_template_kwargs?: {
    /** Writes `rendered`, and after it that of the answer. */
    readonly chat_template: string;
    /** The prompt as the run's template wrote it. */
    readonly rendered: string;
    /** The end token of the tokenizer that all this is for. */
    readonly end_token: string;
  };
  /** What TRL makes of it. */
  readonly trl_ids: TrlIds;
}

/** Writes what the run's own template wrote, to the token: that one may add a line break, or today's date. */
const CHAT_TEMPLATE =
  "{% if (eos_token or '') != end_token %}{{ raise_exception('chat_template_kwargs is for the tokenizer of " +
  "the exported run: remove the column to use this model\\'s own chat template') }}{% endif %}" +
  "{{ rendered }}{% if not add_generation_prompt %}{{ messages[-1]['rendered'] }}{% endif %}";

/** A turn's fields in Parquet. */
const MESSAGES: ColumnKind = {
  list: {
    fields: {
      ...{ role: "text", content: "text", rendered: "text" },
      ...{ name: "text", tool_call_id: "text" },
      tool_calls: {
        list: {
          fields: {
            ...{ id: "text", type: "text" },
            function: { fields: { name: "text", arguments: "json" } },
          },
        },
      },
    },
  },
};

/** Kinds of the columns of a file of dialogues, and of one of text. */
export const TRL_COLUMNS: Readonly<Record<TrlForm, Readonly<Record<string, ColumnKind>>>> = {
  messages: {
    ...{ prompt: MESSAGES, chosen: MESSAGES, rejected: MESSAGES, tools: "text" },
    chat_template_kwargs: {
      fields: { chat_template: "text", rendered: "text", end_token: "text" },
    },
    trl_ids: "text",
  },
  text: { prompt: "text", chosen: "text", rejected: "text", trl_ids: "text" },
};

/** What the columns of a file hold. */
export type TrlForm = "messages" | "text";

/** The form of a pair; a file has one only, and text can be had of any. */
export function formOf({ messages, spelled }: RecordedPair): TrlForm {
  return messages !== undefined && spelled !== undefined ? "messages" : "text";
}

/**
 * A pair's columns.
 *
 * @example
 * ```ts
 * import { trlColumns } from "@leash/bpo/files";
 * import { assertEquals } from "@std/assert";
 * const pair = {
 *   ...{ prompt: "Hi", spelled: "<user>Hi<bot>", begin: "", end: "<e>" },
 *   chosen: { text: "Hello", spelled: "Hello<e>", isExact: true },
 *   rejected: { text: "Go a", spelled: "Go a", isExact: true },
 * };
 * assertEquals(trlColumns(pair, "text"), {
 *   ...{ prompt: "<user>Hi<bot>", chosen: "Hello", rejected: "Go a" },
 *   trl_ids: "end", // TRL ends every text, and "Go a" was cut
 * });
 * ```
 *
 * @param pair What a line says.
 * @param form Of the file: "messages" only if every pair's form is that.
 */
export function trlColumns(pair: RecordedPair, form: TrlForm): TrlColumns {
  return form === "messages" ? asMessages(pair) : asText(pair);
}

function asMessages({ messages, tools, spelled, end = "", ...pair }: RecordedPair): TrlColumns {
  const answer = ({ text, spelled, turns }: RecordedAnswer): TrlMessage[] => {
    const all = turns ?? [{ role: "assistant", content: text }];
    return [...all.slice(0, -1), { ...all[all.length - 1], rendered: spelled ?? text }];
  };
  const { chosen, rejected } = pair;
  return {
    prompt: messages!,
    chosen: answer(chosen),
    rejected: answer(rejected),
    tools: tools === undefined ? null : JSON.stringify(tools),
    chat_template_kwargs: { chat_template: CHAT_TEMPLATE, rendered: spelled!, end_token: end },
    trl_ids: chosen.isExact && rejected.isExact ? "same" : "text",
  };
}

function asText(
  { prompt, messages, spelled, begin = "", end = "", ...pair }: RecordedPair,
): TrlColumns {
  const { chosen, rejected } = pair;
  if (spelled === undefined) {
    return { prompt, chosen: chosen.text, rejected: rejected.text, trl_ids: null };
  }
  const isEnded = ({ spelled = "" }: RecordedAnswer) => end !== "" && spelled.endsWith(end);
  const text = (answer: RecordedAnswer) =>
    isEnded(answer) ? answer.spelled!.slice(0, -end.length) : answer.spelled ?? answer.text;
  // A dialogue's spelling has the begin token, which TRL puts before text once more.
  const extra = messages !== undefined && spelled.startsWith(begin) ? begin : "";
  const isExact = chosen.isExact === true && rejected.isExact === true && extra === "";
  return {
    prompt: spelled.slice(extra.length),
    chosen: text(chosen),
    rejected: text(rejected),
    trl_ids: !isExact ? "text" : isEnded(chosen) && isEnded(rejected) ? "same" : "end",
  };
}
