// Pairs of every kind as Leash writes them for TRL, with a tokenizer of a few merges that Python can open too. Run as a
// program it writes them for tools/fixtures/check_pairs_in_trl.py.
import { type PretrainedTokenizer, readPretrainedTokenizer } from "../../core/mod.ts";
import { exportPairs, readJsonl } from "../../files/mod.ts";
import { type PromptSource, spelledRecords } from "../../scheduler/mod.ts";

/** GPT-2's characters of the 256 bytes. */
function byteCharacters(): string[] {
  const isPrinted = (byte: number) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte !== 173);
  let next = 256;
  return Array.from(
    { length: 256 },
    (_, byte) => String.fromCodePoint(isPrinted(byte) ? byte : next++),
  );
}

const SPECIAL = ["<s>", "</s>", "<|turn|>", "<|stop|>"];
const MERGES = ["h e", "l l", "he ll", "hell o", "Ġ w", "Ġw o", "t o", "to o", "too l"];

/** Files of a model folder; `begins`: whether the tokenizer puts `<s>` before text. */
export function tokenizerFiles(begins: boolean): Record<string, unknown> {
  const pieces = [
    ...SPECIAL,
    ...byteCharacters(),
    ...MERGES.map((merge) => merge.replace(" ", "")),
  ];
  return {
    "tokenizer.json": {
      version: "1.0",
      added_tokens: SPECIAL.map((content, id) => ({
        ...{ id, content, special: true, normalized: false },
        ...{ single_word: false, lstrip: false, rstrip: false },
      })),
      normalizer: null,
      pre_tokenizer: {
        ...{ type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
      },
      post_processor: begins
        ? {
          type: "TemplateProcessing",
          single: [{ SpecialToken: { id: "<s>", type_id: 0 } }, {
            Sequence: { id: "A", type_id: 0 },
          }],
          pair: [
            { Sequence: { id: "A", type_id: 0 } },
            { Sequence: { id: "B", type_id: 1 } },
          ],
          special_tokens: { "<s>": { id: "<s>", ids: [0], tokens: ["<s>"] } },
        }
        : null,
      decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
      model: {
        type: "BPE",
        vocab: Object.fromEntries(pieces.map((piece, id) => [piece, id])),
        merges: MERGES,
      },
    },
    "tokenizer_config.json": {
      tokenizer_class: "PreTrainedTokenizerFast",
      ...{ bos_token: "<s>", eos_token: "</s>" },
      chat_template: "{{ 'another template' }}", // a run's own may be long gone
    },
  };
}

/** The tokenizer of such a folder. */
export function trlTokenizer(begins: boolean): Promise<PretrainedTokenizer> {
  const files = tokenizerFiles(begins);
  const read = (file: string) =>
    Promise.resolve(
      file in files ? new TextEncoder().encode(JSON.stringify(files[file])) : undefined,
    );
  return readPretrainedTokenizer(read, "trl");
}

/** Names of the sets of pairs: the tokenizer, and what the prompts were. */
export const TRL_SETS = ["begins text", "begins messages", "plain text", "plain messages"] as const;

const TOOLS = [{ type: "function", function: { name: "too", parameters: { type: "object" } } }];

/** A set's records as a run writes them. */
export async function trlRecords(set: typeof TRL_SETS[number]): Promise<unknown[]> {
  const [kind, form] = set.split(" ");
  const tokenizer = await trlTokenizer(kind === "begins");
  const ids = (text: string) => tokenizer.encode(text);
  const begin = kind === "begins" ? "<s>" : "";
  const sampled = (...answers: number[][]) => answers.map((ids) => ({ ids }));
  const prompts: { source: PromptSource; text: string }[] = form === "text"
    ? [
      { source: { prompt: "hello wo" }, text: begin + "hello wo" },
      { source: { prompt: "tool?" }, text: begin + "<|turn|>tool?<|stop|>\n<|turn|>" },
    ]
    : [
      {
        source: {
          prompt: [
            { role: "system", content: "hell" },
            { role: "user", content: "hello" },
            { role: "assistant", content: "too" },
            { role: "user", content: "wo\n  é" },
          ],
          tools: TOOLS,
        },
        text:
          "<s><|turn|>hell, tool<|stop|>\n<|turn|>hello<|stop|>\n<|turn|>too<|stop|>\n<|turn|>wo\n  é<|stop|>\n<|turn|>",
      },
      { source: { prompt: [{ role: "user", content: "x" }] }, text: "<|turn|>x<|stop|>\n<|turn|>" },
    ];
  const answers = [
    sampled(ids("hello</s>"), ids(" too</s>")), // both ended
    sampled(ids(" wo"), ids("tool</s>")), // one cut
    sampled(ids("a<|stop|>"), ids("b<|stop|>")), // ended otherwise
    sampled([...ids("h"), ...ids("e"), 1], ids("é</s>")), // "he" is one token
  ];
  const records = prompts.flatMap(({ source, text }, i) =>
    answers.map(([a, b], step) => {
      const answer = ({ ids }: { ids: number[] }) => ({
        ...{ text: tokenizer.decode(ids), ids, finish: ids.at(-1)! < 4 ? "stop" : "length" },
        ...{ logps: ids.map(() => -1), referenceLogp: -ids.length },
      });
      return {
        ...{ phase: i, step, prompt: `for people ${i}`, promptIds: ids(text), source },
        ...{ a: answer(a), b: answer(b), verdict: { outcome: "a" } },
        ...{ snapshotId: "s", referenceId: "s" },
      };
    })
  );
  return await spelledRecords(tokenizer, records);
}

/** A set's rows as they are exported. */
export async function trlRows(set: typeof TRL_SETS[number]): Promise<Record<string, unknown>[]> {
  const dir = await Deno.makeTempDir();
  try {
    const lines = (await trlRecords(set)).map((record) => JSON.stringify(record) + "\n");
    await Deno.writeTextFile(`${dir}/pairs.jsonl`, lines.join(""));
    await exportPairs(`${dir}/pairs.jsonl`, `${dir}/rows.jsonl`, "jsonl");
    return await readJsonl(`${dir}/rows.jsonl`) as Record<string, unknown>[];
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

if (import.meta.main) {
  const [out] = Deno.args;
  for (const set of TRL_SETS) {
    const dir = `${out}/${set}`;
    await Deno.mkdir(dir, { recursive: true });
    for (const [file, value] of Object.entries(tokenizerFiles(set.startsWith("begins")))) {
      await Deno.writeTextFile(`${dir}/${file}`, JSON.stringify(value));
    }
    await Deno.writeTextFile(
      `${dir}/rows.jsonl`,
      (await trlRows(set)).map((row) => JSON.stringify(row) + "\n").join(""),
    );
  }
}
