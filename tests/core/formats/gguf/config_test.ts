import { assertEquals, assertThrows } from "@std/assert";
import { ggufConfig } from "../../../../core/formats/gguf/config.ts";
import { type GgufValue, readGgufHeader } from "../../../../core/formats/gguf/header.ts";
import { GgufMetadata } from "../../../../core/formats/gguf/metadata.ts";
import { ggufFamily } from "../../../../core/formats/gguf/names.ts";
import { openGguf } from "../../../../core/formats/gguf/open.ts";
import { openLocalFile } from "../../../../files/local_file.ts";
import { parseModelConfig } from "../../../../core/model/config.ts";
import { Mistake } from "../../../../core/base/mistake.ts";

const FIXTURES = new URL("../../../fixtures/gguf/", import.meta.url);
const { models } = JSON.parse(Deno.readTextFileSync(new URL("models.json", FIXTURES))) as {
  models: Record<string, { config: Record<string, unknown> }>;
};

async function configOf(name: string): Promise<Record<string, unknown>> {
  const { configJson, source } = await openGguf(
    await openLocalFile(new URL(`${name}.gguf`, FIXTURES).pathname),
  );
  source[Symbol.dispose]();
  return configJson;
}

for (const [name, { config }] of Object.entries(models)) {
  Deno.test(`ggufConfig() means the same model as transformers' config.json of ${name}`, async () => {
    const ours = await configOf(name);
    assertEquals([ours.architectures, ours.model_type], [config.architectures, config.model_type]);
    assertEquals(parseModelConfig(ours, "gguf"), parseModelConfig(config, "transformers"));
  });
}

/** The fixture's metadata with values put in place of others. */
async function changed(
  name: string,
  values: Record<string, GgufValue | undefined>,
): Promise<Record<string, unknown>> {
  using file = await openLocalFile(new URL(`${name}.gguf`, FIXTURES).pathname);
  const header = await readGgufHeader(file);
  const metadata = new Map(header.metadata);
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined) metadata.delete(key);
    else metadata.set(key, value);
  }
  const fields = new GgufMetadata({ ...header, metadata }, "m.gguf");
  return ggufConfig(ggufFamily(fields.architecture, fields)!, fields, {});
}

Deno.test("ggufConfig() takes the query scalar of the largest Gemmas from their width", async () => {
  const large = { "gemma2.block_count": 4, "gemma2.attention.scale": Math.fround(144 ** -0.5) };
  assertEquals((await changed("gemma2", large)).query_pre_attn_scalar, 144);
  assertEquals((await changed("gemma2", {})).query_pre_attn_scalar, 6);
});

Deno.test("ggufConfig() reads which layers slide where the file says so", async () => {
  const pattern = [true, false, true, false, true, false];
  const told = await changed("gemma3", { "gemma3.attention.sliding_window_pattern": pattern });
  const types = told.layer_types as string[];
  assertEquals(types.map((type) => type === "sliding_attention"), pattern);
});

Deno.test("ggufConfig() reads rope scaling old and new, and hands on what it does not know", async () => {
  const linear = { rope_type: "linear", factor: 4 };
  assertEquals((await changed("llama", { "llama.rope.scale_linear": 4 })).rope_scaling, linear);
  const yarn = await changed("llama", {
    "llama.rope.scaling.type": "yarn",
    "llama.rope.scaling.factor": 4,
    "llama.rope.scaling.original_context_length": 32,
  });
  const original_max_position_embeddings = 32;
  assertEquals(yarn.rope_scaling, {
    rope_type: "yarn",
    factor: 4,
    original_max_position_embeddings,
  });
  assertEquals((await changed("llama", { "llama.rope.scaling.type": "none" })).rope_scaling, null);
});

Deno.test("ggufConfig() gives Phi-3's window of 2,047 to old files with 4,096 positions", async () => {
  const old = {
    "phi3.attention.sliding_window": undefined,
    "phi3.context_length": 4096,
    "phi3.block_count": 32,
  };
  assertEquals((await changed("phi3", old)).sliding_window, 2047);
  assertEquals((await changed("phi3", { ...old, "phi3.block_count": 30 })).sliding_window, null);
  const none = { "phi3.attention.sliding_window": 0 };
  assertEquals((await changed("phi3", none)).sliding_window, null);
});

Deno.test("ggufConfig() has every end-of-sequence id once", async () => {
  const eot = { "tokenizer.ggml.eot_token_id": 9 };
  assertEquals((await changed("llama", eot)).eos_token_id, [2, 9]);
  const same = { "tokenizer.ggml.eot_token_id": 2 };
  assertEquals((await changed("llama", same)).eos_token_id, 2);
  const none = { "tokenizer.ggml.eos_token_id": undefined };
  assertEquals("eos_token_id" in await changed("llama", none), false);
});

Deno.test("ggufConfig() refuses OLMo 3, unlike halves of a head, and more layers than tensors", async () => {
  const lines: [string, Record<string, GgufValue>, string][] = [
    [
      "olmo2",
      { "olmo2.attention.sliding_window": 8 },
      "olmo2.attention.sliding_window is there, as in OLMo 3, expected none. OLMo 3 is not supported",
    ],
    [
      "qwen3",
      { "qwen3.attention.value_length": 8 },
      "qwen3.attention.value_length is 8, expected attention.key_length 6",
    ],
    ["gemma3", { "gemma3.block_count": 1e9 }, "gemma3.block_count is 1000000000, expected at most"],
  ];
  for (const [name, values, line] of lines) {
    let error: unknown;
    await changed(name, values).catch((caught) => error = caught);
    assertThrows(
      () => {
        throw error;
      },
      Mistake,
      `Cannot read m.gguf: ${line}`,
    );
  }
});
