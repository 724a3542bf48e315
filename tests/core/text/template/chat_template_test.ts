// Chat templates render as transformers renders them, refuse what it refuses, and end.
import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  chatTemplate,
  type ChatTemplateOptions,
  type RenderOptions,
  TEMPLATE_BUDGET,
} from "../../../../core/text/template/chat_template.ts";
import type { ChatMessage } from "../../../../core/text/template/chat_messages.ts";
import { Mistake } from "../../../../core/base/mistake.ts";

const FOLDER = new URL("../../../fixtures/chat/", import.meta.url);

interface Case {
  messages: ChatMessage[];
  add_generation_prompt?: boolean;
  continue_final_message?: boolean;
  tools?: unknown[];
  variables?: Record<string, unknown>;
}
interface Fixture {
  now: string;
  cases: Record<string, Case>;
  models: Record<string, {
    tokens: Record<string, string>;
    rendered: Record<string, { text?: string; error?: string }>;
  }>;
}
const fixture: Fixture = JSON.parse(await Deno.readTextFile(new URL("rendered.json", FOLDER)));

function tokenOptions(tokens: Record<string, string>): ChatTemplateOptions {
  return {
    bosToken: tokens.bos_token,
    eosToken: tokens.eos_token,
    padToken: tokens.pad_token,
    unkToken: tokens.unk_token,
    now: () => new Date(fixture.now),
  };
}

for (const [model, { tokens, rendered }] of Object.entries(fixture.models)) {
  Deno.test(`chatTemplate() renders ${model}'s template as transformers does`, async () => {
    const source = await Deno.readTextFile(new URL(`${model}.jinja`, FOLDER));
    const template = chatTemplate(source, tokenOptions(tokens));
    for (const [name, { messages, tools, variables, ...flags }] of Object.entries(fixture.cases)) {
      const options: RenderOptions = {
        addGenerationPrompt: flags.add_generation_prompt,
        continueFinalMessage: flags.continue_final_message,
        tools,
        variables,
      };
      const { text, error } = rendered[name];
      if (text !== undefined) {
        assertEquals(template.render(messages, options), text, `${model}, ${name}`);
        continue;
      }
      const refused = assertThrows(() => template.render(messages, options), Mistake);
      const [, said] = error!.match(/^TemplateError: (.*)$/) ?? [];
      if (said) assert(refused.message.includes(said.slice(0, 60)), refused.message);
    }
  });
}

Deno.test("chatTemplate() renders 2,000 messages of a real template within its budget", async () => {
  const source = await Deno.readTextFile(new URL("qwen3.jinja", FOLDER));
  const messages = Array.from({ length: 2000 }, (_, i) => {
    return { role: i % 2 ? "assistant" : "user", content: `message ${i} `.repeat(20) };
  });
  const text = chatTemplate(source).render(messages);
  assert(text.includes("message 1999 "));
});

Deno.test("chatTemplate() takes a smaller or larger budget", () => {
  const source = "{% for i in range(1000) %}ab{% endfor %}";
  assertEquals(chatTemplate(source).render([]).length, 2000);
  const small = { ...TEMPLATE_BUDGET, characters: 1999 };
  assertThrows(
    () => chatTemplate(source, { budget: small }).render([]),
    Mistake,
    "1999 characters",
  );
  assertThrows(
    () => chatTemplate(source, { budget: { steps: 100 } }).render([]),
    Mistake,
    "100 steps",
  );
  assertThrows(
    () => chatTemplate(source, { budget: { source: 10 } }).render([]),
    Mistake,
    "at most 10",
  );
});

Deno.test("render() picks the template for tools where there are some, unless one was named", () => {
  const several = new Map([["default", "D"], ["tool_use", "T{{ tools|length }}"], [
    "bad",
    "{% if %}",
  ]]);
  const template = chatTemplate(several, { name: "m" });
  assertEquals(template.render([]), "D");
  assertEquals(template.render([], { tools: [1] }), "T1");
  assertEquals(chatTemplate(several, { pick: "default" }).render([], { tools: [1] }), "D");
  const named = chatTemplate(several, { name: "m", pick: "bad" }); // a broken one is no mistake until it is used
  assertThrows(() => named.render([]), Mistake, "Cannot read m: ");
  const missing = chatTemplate(several, { name: "m", pick: "x" });
  assertThrows(
    () => missing.render([]),
    Mistake,
    'Cannot read m: no chat template is called "x"',
  );
});

Deno.test("render() refuses messages that are none, and two ends at once", () => {
  const template = chatTemplate("{{ messages|length }}");
  const bad = (messages: unknown) => () => template.render(messages as ChatMessage[]);
  assertThrows(bad("Hi"), Mistake, "messages is string");
  assertThrows(bad([null]), Mistake, "message 0 is null");
  assertThrows(bad([{ role: "user" }, ["x"]]), Mistake, "message 1 is a list");
  const both = { addGenerationPrompt: true, continueFinalMessage: true };
  assertThrows(
    () => template.render([{ role: "user", content: "x" }], both),
    Mistake,
    "expected one",
  );
  assertThrows(() => template.render([], { continueFinalMessage: true }), Mistake, "no text");
});

Deno.test("render() fills in reasoning under each of its names, and leaves the messages as they were", () => {
  const template = chatTemplate("{{ messages[0].reasoning_content }}{{ messages[0].thinking }}");
  const message = Object.freeze({ role: "assistant", content: "4", reasoning: "2+2" });
  assertEquals(template.render([message]), "2+22+2");
  assertEquals(template.render([{ ...message, thinking: "T", reasoning_content: "R" }]), "RT");
});

Deno.test("render() says what the template says, on one line", () => {
  const template = chatTemplate("{{ raise_exception('no\\nsystem') }}", {
    name: "m/chat_template.jinja",
  });
  assertThrows(
    () => template.render([]),
    Mistake,
    'Cannot render m/chat_template.jinja: the template says "no\\nsystem"',
  );
});
