import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { chatTemplate } from "../../../core/mod.ts";
import {
  inspectTemplate,
  inspectTokenizer,
  inspectTokenizerConfig,
  probeTemplate,
} from "../../../cli/inspect/tokenizer.ts";
import { commandWorkspace } from "../../support/command_run.ts";
import { Mistake } from "../../../core/base/mistake.ts";

Deno.test("inspectTokenizer() reads the folder that a file lies in, and tries its template", async () => {
  using work = await commandWorkspace();
  const report = await inspectTokenizer(`${work.dir}/chat/tokenizer.json`, false);
  assertEquals([report.kind, report.vocabSize, report.begin], [
    "tokenizer",
    1024,
    '0 "<|endoftext|>"',
  ]);
  assertEquals(report.chatTemplate, true);
  await Deno.mkdir(`${work.dir}/chat/additional_chat_templates`);
  await Deno.writeTextFile(`${work.dir}/chat/additional_chat_templates/rag.jinja`, "{{ 1 }}");
  const { templates } = await inspectTokenizer(`${work.dir}/chat`, true);
  assertEquals(templates, ["default", "rag"]);
  await Deno.writeTextFile(
    `${work.dir}/chat/chat_template.jinja`,
    "{% for i in range(99999999) %}{% endfor %}",
  );
  await assertRejects(
    () => inspectTokenizer(`${work.dir}/chat`, true),
    Mistake,
    "Cannot render",
  );
});

Deno.test("inspectTokenizerConfig() reads a file that lies alone, its template too", async () => {
  const dir = await Deno.makeTempDir();
  const path = `${dir}/tokenizer_config.json`;
  await Deno.writeTextFile(path, '{"chat_template":"{{ messages[0].content }}","x":1}');
  const report = await inspectTokenizerConfig(path, "tokenizer config");
  assertEquals([report.fields, report.chatTemplate], [["chat_template", "x"], true]);
  await Deno.writeTextFile(path, '{"chat_template":"{% if %}"}');
  await assertRejects(() => inspectTokenizerConfig(path, "tokenizer config"), Mistake, path);
  await assertRejects(() => inspectTemplate(path), Mistake, path);
  await Deno.remove(dir, { recursive: true });
});

Deno.test("probeTemplate() finds what only rendering finds", () => {
  const template = chatTemplate("{{ raise_exception('never') }}", { name: "t" });
  assertThrows(() => probeTemplate(template), Mistake, "never");
});
