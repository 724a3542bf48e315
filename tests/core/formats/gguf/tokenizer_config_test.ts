import { assertEquals, assertRejects } from "@std/assert";
import { type GgufValue, readGgufHeader } from "../../../../core/formats/gguf/header.ts";
import { GgufMetadata } from "../../../../core/formats/gguf/metadata.ts";
import {
  type GgufTokenizerConfig,
  ggufTokenizerConfig,
} from "../../../../core/formats/gguf/tokenizer_config.ts";
import { openLocalFile } from "../../../../files/local_file.ts";
import { Mistake } from "../../../../core/base/mistake.ts";

const FIXTURES = new URL("../../../fixtures/gguf/", import.meta.url);

/** What a fixture says, with values put in place of its own. */
async function configOf(
  name: string,
  values: Record<string, GgufValue> = {},
): Promise<GgufTokenizerConfig> {
  using file = await openLocalFile(new URL(`${name}.gguf`, FIXTURES).pathname);
  const header = await readGgufHeader(file);
  const all = new Map([...header.metadata, ...Object.entries(values)]);
  const metadata = new GgufMetadata({ ...header, metadata: all }, "m.gguf");
  const tokens = metadata.texts("tokenizer.ggml.tokens") ?? [];
  return ggufTokenizerConfig(metadata, metadata.text("tokenizer.ggml.model")!, tokens);
}

Deno.test("ggufTokenizerConfig() says what tokenizer_config.json would", async () => {
  const config = await configOf("bpe");
  assertEquals(config, {
    bos_token: "<|endoftext|>",
    bos_token_id: 0,
    eos_token: "<|im_end|>",
    eos_token_id: 1,
    add_bos_token: false,
    add_eos_token: false,
    chat_template: "{{ messages }}",
    clean_up_tokenization_spaces: false,
  });
  assertEquals((await configOf("spm_llama")).add_bos_token, true);
});

Deno.test("ggufTokenizerConfig() has the named chat templates beside the default", async () => {
  const named = { "tokenizer.chat_template.tool_use": "T", "tokenizer.chat_template": "D" };
  assertEquals((await configOf("bpe", named)).chat_template, [
    { name: "default", template: "D" },
    { name: "tool_use", template: "T" },
  ]);
});

Deno.test("ggufTokenizerConfig() takes a padding id past the tokens for none, and refuses others", async () => {
  const config = await configOf("bpe", { "tokenizer.ggml.padding_token_id": 1e6 });
  assertEquals([config.pad_token_id, config.pad_token], [undefined, undefined]);
  await assertRejects(
    () => configOf("bpe", { "tokenizer.ggml.eos_token_id": 1e6 }),
    Mistake,
    "tokenizer.ggml.eos_token_id is 1000000, expected below the number of tokens",
  );
});
