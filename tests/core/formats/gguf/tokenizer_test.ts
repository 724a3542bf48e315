import { assertEquals, assertThrows } from "@std/assert";
import { Tokenizer } from "@huggingface/tokenizers";
import { type GgufValue, readGgufHeader } from "../../../../core/formats/gguf/header.ts";
import { GgufMetadata } from "../../../../core/formats/gguf/metadata.ts";
import { type GgufTokenizer, ggufTokenizer } from "../../../../core/formats/gguf/tokenizer.ts";
import { openLocalFile } from "../../../../files/local_file.ts";
import { Mistake } from "../../../../core/base/mistake.ts";

const FIXTURES = new URL("../../../fixtures/gguf/", import.meta.url);
interface Said<T> {
  readonly texts: string[];
  readonly ids: T;
}
const { spm_llama, spm_gemma, bpe } = JSON.parse(
  Deno.readTextFileSync(new URL("tokenizers.json", FIXTURES)),
) as {
  spm_llama: Said<number[][]>;
  spm_gemma: Said<number[][]>;
  bpe: Said<Record<string, number[][]>>;
};

/** The fixture's tokenizer with metadata put in place of its own. */
async function tokenizerOf(
  name: string,
  values: Record<string, GgufValue | undefined> = {},
): Promise<GgufTokenizer> {
  using file = await openLocalFile(new URL(`${name}.gguf`, FIXTURES).pathname);
  const header = await readGgufHeader(file);
  const metadata = new Map(header.metadata);
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined) metadata.delete(key);
    else metadata.set(key, value);
  }
  return ggufTokenizer(new GgufMetadata({ ...header, metadata }, "m.gguf"));
}

function load({ json, config }: GgufTokenizer): Tokenizer {
  return new Tokenizer(JSON.parse(JSON.stringify(json)), { ...config });
}

for (const [name, { texts, ids }] of Object.entries({ spm_llama, spm_gemma })) {
  Deno.test(`ggufTokenizer() has sentencepiece's ids with ${name}, and decodes them`, async () => {
    const tokenizer = load(await tokenizerOf(name));
    for (const [i, text] of texts.entries()) {
      assertEquals(tokenizer.encode(text).ids, ids[i], JSON.stringify(text));
      assertEquals(tokenizer.decode(ids[i], { skip_special_tokens: true }), text);
    }
  });
}

for (const [pre, ids] of Object.entries(bpe.ids)) {
  Deno.test(`ggufTokenizer() has tokenizers' ids with the pre-tokenizer ${pre}`, async () => {
    const tokenizer = load(await tokenizerOf("bpe", { "tokenizer.ggml.pre": pre }));
    for (const [i, text] of bpe.texts.entries()) {
      assertEquals(tokenizer.encode(text).ids, ids[i], JSON.stringify(text));
    }
  });
}

Deno.test("ggufTokenizer() keeps control tokens special and user-defined ones plain", async () => {
  const { json } = await tokenizerOf("bpe");
  const added = json!.added_tokens as { content: string; special: boolean }[];
  assertEquals(added.map(({ content, special }) => [content, special]), [
    ["<|endoftext|>", true],
    ["<|im_end|>", true],
    ["<b>", false],
  ]);
});

Deno.test("ggufTokenizer() begins and ends texts as the file says", async () => {
  const both = { "tokenizer.ggml.add_bos_token": true, "tokenizer.ggml.add_eos_token": true };
  const ids = load(await tokenizerOf("bpe", both)).encode("a").ids;
  assertEquals([ids[0], ids.at(-1)], [0, 1]);
  const none = { "tokenizer.ggml.add_bos_token": false };
  const [bos, ...rest] = spm_llama.ids[0];
  const without = load(await tokenizerOf("spm_llama", none));
  assertEquals([bos, without.encode(spm_llama.texts[0]).ids], [1, rest]);
});

Deno.test("ggufTokenizer() takes a whole tokenizer.json that a file brings", async () => {
  const whole = { "tokenizer.huggingface.json": '{"model":{"type":"BPE"}}' };
  assertEquals((await tokenizerOf("bpe", whole)).json, { model: { type: "BPE" } });
  const error = await tokenizerOf("bpe", { "tokenizer.huggingface.json": "{" }).catch((e) => e);
  assertEquals(
    error.message,
    "Cannot read m.gguf: tokenizer.huggingface.json is not JSON, expected a JSON object",
  );
});

Deno.test("ggufTokenizer() goes by ids where every score is the same", async () => {
  const { texts, ids } = spm_llama;
  const scores = new Float32Array(460).fill(-1000);
  const tokenizer = load(await tokenizerOf("spm_llama", { "tokenizer.ggml.scores": scores }));
  for (const [i, text] of texts.entries()) assertEquals(tokenizer.encode(text).ids, ids[i], text);
});

Deno.test("ggufTokenizer() strips what follows Phi-3's control tokens, by the model's name", async () => {
  const flags = async (name: string) => {
    const { json } = await tokenizerOf("spm_llama", { "general.name": name });
    return (json!.added_tokens as { rstrip: boolean }[]).map(({ rstrip }) => rstrip);
  };
  assertEquals(await flags("Phi-3-mini"), [false, false, true]); // <unk>, <s>, </s>
  assertEquals(await flags("TinyLlama"), [false, false, false]);
});

Deno.test("ggufTokenizer() refuses sentencepiece pieces without scores, and pieces of thousands of characters", async () => {
  const lines: [Record<string, GgufValue | undefined>, string][] = [
    [{ "tokenizer.ggml.scores": undefined }, "tokenizer.ggml.scores is missing, expected it there"],
    [{ "tokenizer.ggml.tokens": [] }, "tokenizer.ggml.tokens is missing, expected it there"],
    [
      {
        "tokenizer.ggml.tokens": Array.from({ length: 460 }, (_, i) => `${i}${"x".repeat(2000)}`),
      },
      "tokenizer.ggml.tokens would take minutes to cut into merges, expected at most some",
    ],
  ];
  for (const [values, line] of lines) {
    const without = {
      "tokenizer.ggml.bos_token_id": undefined,
      "tokenizer.ggml.unknown_token_id": undefined,
    };
    const eos = { "tokenizer.ggml.eos_token_id": undefined };
    const error = await tokenizerOf("spm_llama", { ...without, ...eos, ...values }).catch((e) => e);
    assertThrows(
      () => {
        throw error;
      },
      Mistake,
      `Cannot read m.gguf: ${line}`,
    );
  }
});
