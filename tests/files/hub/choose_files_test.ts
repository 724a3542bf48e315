// A model's files are chosen as transformers chooses them: one form of its weights, and what stands beside.
import { assertEquals, assertThrows } from "@std/assert";
import { chooseModelFiles, missingShards } from "../../../files/hub/choose_files.ts";
import { Mistake } from "../../../core/base/mistake.ts";

const SHARDS = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
const INDEX = "model.safetensors.index.json";

Deno.test("chooseModelFiles() takes the single file before shards, and shards before GGUF", () => {
  const rest = [
    "config.json",
    "README.md",
    "x.gguf",
    "onnx/model.safetensors",
    "pytorch_model.bin",
  ];
  const choose = (...names: string[]) => chooseModelFiles([...rest, ...names], "r", undefined);
  assertEquals(choose("model.safetensors", INDEX, ...SHARDS), ["config.json", "model.safetensors"]);
  assertEquals(choose(INDEX, ...SHARDS), ["config.json", INDEX, ...SHARDS]);
  const beside = ["additional_chat_templates/rag.jinja", "added_tokens.json", "tokenizer.model"];
  const wanted = ["config.json", ...beside, "model.safetensors"];
  assertEquals(choose(...beside, "more/rag.jinja", "model.safetensors"), wanted);
  assertEquals(choose(), ["x.gguf"]);
  assertEquals(
    chooseModelFiles(["adapter_config.json", "adapter_model.safetensors", "a.txt"], "r", undefined),
    ["adapter_config.json", "adapter_model.safetensors"],
  );
});

Deno.test("chooseModelFiles() takes all parts of a GGUF file, the one that is named first", () => {
  const parts = ["q4/m-00001-of-00002.gguf", "q4/m-00002-of-00002.gguf"];
  assertEquals(chooseModelFiles(["README.md", ...parts], "r", undefined), parts);
  const named = chooseModelFiles(["other.gguf", ...parts], "r", parts[1]);
  assertEquals(named, parts.toReversed());
  assertThrows(
    () => chooseModelFiles(["other.gguf", ...parts], "o/r", undefined),
    Mistake,
    `it has 2 GGUF files, expected one. Name it as o/r:FILE, one of "other.gguf", "${parts[0]}"`,
  );
});

Deno.test("chooseModelFiles() lists what there is where it cannot choose", () => {
  const many = Array.from({ length: 20 }, (_, i) => `q${i}.gguf`);
  assertThrows(() => chooseModelFiles(many, "o/r", undefined), Mistake, "it has 20 GGUF files");
  assertThrows(
    () => chooseModelFiles([], "o/r", undefined),
    Mistake,
    "no model.safetensors and no GGUF file, expected",
  );
  assertThrows(
    () => chooseModelFiles(["a.txt"], "o/r", "b.gguf"),
    Mistake,
    'no file "b.gguf", expected one of "a.txt"',
  );
});

Deno.test("missingShards() names the shards of an index that are not there", () => {
  const index = { weight_map: { a: SHARDS[0], b: SHARDS[1], c: SHARDS[1] } };
  assertEquals(missingShards(index, [SHARDS[0]]), [SHARDS[1]]);
  assertEquals(missingShards(index, SHARDS), []);
  assertEquals(missingShards(undefined, []), []);
});
