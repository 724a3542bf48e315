// What turns text into ids: tokenizer files, generation configs, chat templates.
import { chatTemplate } from "../../core/text/template/chat_template.ts";
import { readPretrainedTokenizer } from "../../core/text/tokenizer/pretrained_tokenizer.ts";
import { wholeTokenizer } from "../../tests/malformed/generation_config.ts";
import { jsonMutator } from "./mutate_json.ts";
import { templateMutator, tokenizerConfigMutator } from "./mutate_text.ts";
import type { Input, Target } from "./target.ts";

const FIXTURES = new URL("../../tests/fixtures/", import.meta.url);
const json = (file: string, value: unknown): Input => {
  return { file, bytes: new TextEncoder().encode(JSON.stringify(value)) };
};
const text = (file: string, content: string): Input => {
  return { file, bytes: new TextEncoder().encode(content) };
};

const TOKENIZERS = [
  "unigram",
  "wordpiece",
  "llama2_metaspace",
  "smollm2_digits",
  "byte_level_words",
];
const WORDS = "a ab  Hello wörld, 12345!\n\t</s><s>[UNK] 漢字 😀 ";
const TEMPLATE =
  "{% for m in messages %}<|{{ m.role }}|>{{ m['content'] | trim }}{{ eos_token }}{% endfor %}" +
  "{% if add_generation_prompt %}<|assistant|>{% endif %}";
const CONFIG = {
  ...{ bos_token: "<s>", eos_token: { content: "</s>" }, pad_token: null, add_bos_token: true },
  ...{ tokenizer_class: "LlamaTokenizer", model_max_length: 1e30, chat_template: TEMPLATE },
  added_tokens_decoder: {
    "0": { content: "<s>", special: true },
    "4": { content: "</s>", special: true },
  },
};
const MESSAGES = [
  { role: "system", content: "Be brief." },
  { role: "user", content: " Hi. " },
  { role: "assistant", content: "<think>\nhm\n</think>\n\nHello." },
  { role: "user", content: "Bye" },
];

/** Files that lie beside the one that is changed. */
const BESIDE: Readonly<Record<string, readonly Input[]>> = {
  "tokenizer.json": [],
  "vocab.json": [text("merges.txt", "#version: 0.2\na b\n")],
  "merges.txt": [json("vocab.json", { "<|endoftext|>": 0, a: 1, b: 2, ab: 3 })],
};

/** Tokenizers and templates. */
export const WORD_TARGETS: readonly Target[] = [
  {
    name: "tokenizer",
    async seeds() {
      const fixtures = TOKENIZERS.map(async (name) => {
        const bytes = await Deno.readFile(new URL(`tokenizers/${name}.json`, FIXTURES));
        return { file: "tokenizer.json", bytes };
      });
      return [
        ...await Promise.all(fixtures),
        json("tokenizer.json", wholeTokenizer),
        json("vocab.json", { "<|endoftext|>": 0, a: 1, b: 2, ab: 3 }),
        text("merges.txt", "#version: 0.2\na b\n"),
        json("special_tokens_map.json", { bos_token: "<s>", unk_token: { content: "a" } }),
        json("generation_config.json", { eos_token_id: [4, 3], bos_token_id: 0, pad_token_id: 2 }),
      ];
    },
    mutators: (file) => file === "merges.txt" ? [] : [jsonMutator],
    async parse({ file, bytes }) {
      const beside = BESIDE[file] ?? [json("tokenizer.json", wholeTokenizer)];
      const files = new Map([...beside, { file, bytes }].map((input) => [input.file, input.bytes]));
      const tokenizer = await readPretrainedTokenizer(
        (name) => Promise.resolve(files.get(name)),
        "m",
      );
      const ids = tokenizer.encode(WORDS, { addSpecial: true });
      tokenizer.decode(ids);
      tokenizer.encode(WORDS, { allowSpecial: false });
    },
  },
  {
    name: "chat_template",
    async seeds() {
      const names = ["gemma3", "llama3_2", "mistral", "qwen2_5", "qwen3", "smollm2"];
      const fixtures = names.map(async (name) => {
        const bytes = await Deno.readFile(new URL(`chat/${name}.jinja`, FIXTURES));
        return { file: "chat_template.jinja", bytes };
      });
      const inner = (await Promise.all(fixtures)).map(({ bytes }) => {
        return json("tokenizer_config.json", {
          ...CONFIG,
          chat_template: new TextDecoder().decode(bytes),
        });
      });
      const list = [{ name: "default", template: TEMPLATE }, {
        name: "tool_use",
        template: "{{ tools }}",
      }];
      return [
        ...await Promise.all(fixtures),
        text("chat_template.jinja", TEMPLATE),
        json("tokenizer_config.json", CONFIG),
        json("tokenizer_config.json", { ...CONFIG, chat_template: list }),
        json("chat_template.json", { chat_template: TEMPLATE }),
        ...inner.slice(0, 2),
      ];
    },
    mutators: (file) =>
      file.endsWith(".jinja") ? [templateMutator] : [tokenizerConfigMutator, jsonMutator],
    async parse({ file, bytes }) {
      const files = new Map(
        [json("tokenizer.json", wholeTokenizer), { file, bytes }].map((input) => {
          return [input.file, input.bytes];
        }),
      );
      const tokenizer = await readPretrainedTokenizer(
        (name) => Promise.resolve(files.get(name)),
        "m",
      );
      if (tokenizer.chatTemplate === undefined) return;
      const template = chatTemplate(tokenizer.chatTemplate, {
        ...tokenizer.specialTokens,
        name: "m",
      });
      template.render(MESSAGES, { addGenerationPrompt: true });
      template.render(MESSAGES.slice(1), {
        tools: [{ type: "function", function: { name: "f" } }],
      });
    },
  },
];
