import { assertEquals } from "@std/assert";
import { companionsOf, isCompanion, namesIn } from "../../files/model_companions.ts";

Deno.test("isCompanion() takes configs, tokenizers and templates, and neither code nor weights", () => {
  const taken = [
    "config.json",
    "added_tokens.json",
    "tokenizer.model",
    "chat_template.jinja",
    "additional_chat_templates/tool_use.jinja",
  ];
  const left = [
    "model.safetensors",
    "modeling_x.py",
    "additional_chat_templates/x.py",
    "additional_chat_templates/a/b.jinja",
    "more/additional_chat_templates/a.jinja",
    "onnx/config.json",
  ];
  assertEquals([...taken, ...left].filter(isCompanion), taken);
});

Deno.test("companionsOf() lists what is there, and nothing where no folder is", async () => {
  const dir = await Deno.makeTempDir();
  try {
    assertEquals(await namesIn(`${dir}/none`), []);
    await Deno.writeTextFile(`${dir}/config.json`, "{}");
    await Deno.writeTextFile(`${dir}/run.py`, "");
    await Deno.writeTextFile(`${dir}/additional_chat_templates`, "a file");
    assertEquals(await companionsOf(dir), ["config.json"]);
    await Deno.remove(`${dir}/additional_chat_templates`);
    await Deno.mkdir(`${dir}/additional_chat_templates`);
    await Deno.writeTextFile(`${dir}/additional_chat_templates/rag.jinja`, "");
    assertEquals(await companionsOf(dir), ["config.json", "additional_chat_templates/rag.jinja"]);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
