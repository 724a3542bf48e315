import { assertEquals, assertNotEquals } from "@std/assert";
import { openBase } from "../../../cli/policy/base_model.ts";
import { adapterPrint, basePrints } from "../../../cli/policy/prints.ts";
import { commandWorkspace, tinyMembers } from "../../support/command_run.ts";

Deno.test("basePrints() sees the settings, the tokenizer and the template, each by itself", async () => {
  using work = await commandWorkspace();
  const dir = `${work.dir}/chat`;
  const prints = async () => {
    using base = await openBase({ model: dir });
    return await basePrints(base);
  };
  const before = await prints();
  const edits: [file: string, from: string, to: string, field: string | undefined][] = [
    ["tokenizer_config.json", "{{ m.role }}: ", "{{ m.role }}; ", "template"],
    ["tokenizer_config.json", '"chat_template"', '"note":1,"chat_template"', "tokenizer"],
    ["tokenizer.json", "{", "{ ", "tokenizer"],
    ["config.json", '"rope_theta": 10000', '"rope_theta": 10001', "settings"],
    ["config.json", "{", "{\n", undefined], // says the same
  ];
  for (const [file, from, to, field] of edits) {
    const path = `${dir}/${file}`, text = await Deno.readTextFile(path);
    const edited = text.replace(from, to);
    assertNotEquals(edited, text, `${from} in ${file}`);
    await Deno.writeTextFile(path, edited);
    const after = await prints();
    const changed = Object.keys(before).filter((name) =>
      before[name as "settings"] !== after[name as "settings"]
    );
    assertEquals(changed, field === undefined ? [] : [field], `${from} in ${file}`);
    await Deno.writeTextFile(path, text);
  }
  using embedded = await openBase({});
  assertEquals(Object.keys(await basePrints(embedded)), ["settings"]);
});

Deno.test("adapterPrint() sees the weights and what they are multiplied by", async () => {
  const [{ layout, params }] = await tinyMembers(1);
  const of = (digest: string, scale: number) =>
    adapterPrint({ params, digest, layout: { ...layout, scale } });
  assertEquals(await of("a", 4), await of("a", 4));
  assertNotEquals(await of("a", 4), await of("b", 4));
  assertNotEquals(await of("a", 4), await of("a", 2));
});
