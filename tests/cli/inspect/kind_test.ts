import { assertEquals } from "@std/assert";
import { fileKind, folderKind } from "../../../cli/inspect/kind.ts";
import { inFolder } from "../../support/in_folder.ts";

Deno.test("fileKind() goes by the name first, then by the first bytes", async () => {
  await inFolder(async (dir) => {
    for (
      const [name, content, kind] of [
        ["model-00001-of-00002.safetensors", "", "safetensors"],
        ["model.safetensors.index.json", "", "index"],
        ["adapter_model.safetensors", "", "adapter file"],
        ["x.GGUF", "", "gguf"],
        ["blob", "GGUF\u0003", "gguf"],
        ["blob2", "\u0002\0\0\0\0\0\0\0{}", "safetensors"],
        ["pytorch_model.bin", "PK\u0003\u0004", "safetensors"],
        ["x.parquet", "", "dataset file"],
        ["x.jsonl.gz", "", "dataset file"],
        ["other.json", '{"weight_map":{}}', "index"],
        ["mine.json", '{"model_type":"llama","architectures":[]}', "config"],
        ["rows.json", '[{"prompt":"a"}]', "dataset file"],
        ["broken.json", "{", "dataset file"],
        ["generation_config.json", "{}", "tokenizer config"],
        ["chat_template.jinja", "", "template"],
        ["nothing", "", "dataset file"],
      ]
    ) {
      await Deno.writeTextFile(`${dir}/${name}`, content);
      assertEquals(await fileKind(`${dir}/${name}`), kind, name);
    }
  });
});

Deno.test("folderKind() tells runs, adapters, models, tokenizers and data apart", async () => {
  for (
    const [files, kind] of [
      [{ "config.json": '{"format":"leash-run-1"}', "pairs.jsonl": "" }, "run"],
      [{ "config.json": "{}", "model.safetensors": "" }, "model"],
      [{ "config.json": "{}", "adapter_config.json": "{}" }, "adapter"],
      [{ "adapter_model.bin": "" }, "adapter"],
      [{ "a.gguf": "" }, "model"],
      [{ "tokenizer.json": "{}" }, "tokenizer folder"],
      [{ "a.csv": "" }, "dataset folder"],
    ] as const
  ) {
    await inFolder(async (dir) => {
      for (const [name, content] of Object.entries(files)) {
        await Deno.writeTextFile(`${dir}/${name}`, content);
      }
      assertEquals(await folderKind(dir), kind, Object.keys(files).join());
    });
  }
});
