// Chat templates: messages to the text that a model was trained on, as transformers' apply_chat_template renders it,
// within a budget on source, steps and output, because a template comes from whoever made the model.
import { Environment, parse, tokenize } from "@huggingface/jinja";
import { quote } from "../../base/mistakes.ts";
import { type ChatTemplateSource, pickChatTemplate } from "./pick_chat_template.ts";
import { TemplateInterpreter } from "./interpreter.ts";
import { TemplateBudgetError, type TemplateLimits } from "./meter.ts";
import { formatTime } from "./strftime.ts";
import { markTokens } from "./tokens.ts";
import { make, type TemplateFunction, templateValue } from "./make.ts";
import { pairsOf } from "./methods.ts";
import { itemsOf, pythonText, stripText, type TemplateValue } from "./values.ts";
import { Mistake } from "../../base/mistake.ts";

/** One message of a dialogue; keys beside these (`tool_calls`, `name`, …) reach the template too. */
export interface ChatMessage {
  /** `system`, `user`, `assistant`, `tool`, or what else the template knows. */
  readonly role: string;
  /** Text, or parts such as `{ type: "text", text }`; a message with tool calls may have none. */
  readonly content?: unknown;
  /** What else the template reads. */
  readonly [key: string]: unknown;
}

/** Bounds on a chat template. */
export interface TemplateBudget extends TemplateLimits {
  /** Characters of the template itself. */
  readonly source: number;
}

/** The budget of a template: real ones are under 20 thousand characters and a thousand steps a message. */
export const TEMPLATE_BUDGET: TemplateBudget = {
  source: 65_536,
  steps: 1_000_000,
  characters: 1_048_576,
};

/** What a template is told of its tokenizer. */
export interface ChatTemplateOptions {
  /** Text of the begin token, `bos_token` in the template. */
  readonly bosToken?: string;
  /** Text of the end token. */
  readonly eosToken?: string;
  /** Text of the padding token. */
  readonly padToken?: string;
  /** Text of the unknown token. */
  readonly unkToken?: string;
  /** More variables for every rendering, by the template's name for them. */
  readonly variables?: Readonly<Record<string, unknown>>;
  /** What to call the template in errors; default `chat template`. */
  readonly name?: string;
  /** Which of several; default `tool_use` for a dialogue with tools where there is one, else `default`. */
  readonly pick?: string;
  /** Bounds that differ from {@link TEMPLATE_BUDGET}. */
  readonly budget?: Partial<TemplateBudget>;
  /** The time that `strftime_now` tells; default now. */
  readonly now?: () => Date;
}

/** How to render one dialogue. */
export interface RenderOptions {
  /** End with the header of an assistant's answer; default false. */
  readonly addGenerationPrompt?: boolean;
  /** Leave the last message open, for the model to go on with it; default false. */
  readonly continueFinalMessage?: boolean;
  /** JSON schemas of tools. */
  readonly tools?: readonly unknown[];
  /** Documents for templates with retrieval. */
  readonly documents?: readonly unknown[];
  /** More variables, such as `enable_thinking`. */
  readonly variables?: Readonly<Record<string, unknown>>;
}

/** A template that is ready to render. */
export interface ChatTemplate {
  /** The template's text, or the texts by name. */
  readonly source: ChatTemplateSource;
  /** A dialogue as text, special tokens spelt out. */
  render(messages: readonly ChatMessage[], options?: RenderOptions): string;
}

const CONTINUE = "CONTINUE_FINAL_MESSAGE_TAG "; // transformers' own mark; the space tells whether content was trimmed
const LONGEST_SPACE = 1024;
const LONGEST_RANGE = 65_536;

/**
 * Makes a renderer of a chat template's source. The source is read when it is first rendered, so a model whose template
 * is broken opens; of several templates, each rendering picks one, as transformers does.
 *
 * Follows transformers: blocks are trimmed, `raise_exception`, `strftime_now`, `tojson` without HTML escapes,
 * `break` and `continue`, and `generation` tags are there. Where @huggingface/jinja 0.5 differs from Python's
 * Jinja (arguments of `strip`, scope of `set` in a loop, what `break` keeps, `None`, `==`) Python's way is taken.
 *
 * @example
 * ```ts
 * import { chatTemplate } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const template = chatTemplate(
 *   "{% for m in messages %}<|{{ m.role }}|>{{ m.content | trim }}{{ eos_token }}{% endfor %}" +
 *     "{% if add_generation_prompt %}<|assistant|>{% endif %}",
 *   { eosToken: "</s>" },
 * );
 * const text = template.render([{ role: "user", content: " Hi. " }], { addGenerationPrompt: true });
 * assertEquals(text, "<|user|>Hi.</s><|assistant|>");
 * ```
 *
 * @param source The Jinja source, or several by name.
 * @param options Token texts, `pick`, `variables`, `budget`, `name` for errors, `now`.
 * @returns The template. `render` throws a TypeError for a source that is no template and for what the template refuses
 * or cannot do, a RangeError where it goes over its budget; both one line.
 * @see https://huggingface.co/docs/transformers/chat_templating
 */
export function chatTemplate(
  source: ChatTemplateSource,
  options: ChatTemplateOptions = {},
): ChatTemplate {
  const name = options.name ?? "chat template";
  const budget = { ...TEMPLATE_BUDGET, ...options.budget };
  const programs = new Map<string, Program>();
  const programOf = (tools: boolean): Program => {
    const text = pickChatTemplate(source, name, { name: options.pick, tools });
    const known = programs.get(text);
    if (known !== undefined) return known;
    const program = compile(text, budget, name);
    programs.set(text, program);
    return program;
  };
  const fixed = {
    ...options.variables,
    ...named({
      bos_token: options.bosToken,
      eos_token: options.eosToken,
      pad_token: options.padToken,
      unk_token: options.unkToken,
    }),
  };
  const run = (variables: Record<string, unknown>): string => {
    const program = programOf(variables.tools !== null);
    const environment = new Environment();
    const now = options.now ?? (() => new Date());
    const all = { ...globals(now), ...fixed, ...named(variables) };
    try {
      for (const [key, value] of Object.entries(all)) {
        environment.setVariable(key, templateValue(value) as never);
      }
      environment.setVariable("dict", make.function(dict) as never);
      environment.setVariable("joiner", make.function(joiner) as never);
      const interpreter = new TemplateInterpreter(environment, budget);
      return String(interpreter.run(program).value);
    } catch (cause) {
      throw renderMistake(name, cause);
    }
  };
  return {
    source,
    render(messages: readonly ChatMessage[], render: RenderOptions = {}): string {
      const chat = checkMessages(messages, name).map(withReasoning);
      const { addGenerationPrompt = false, continueFinalMessage = false } = render;
      if (addGenerationPrompt && continueFinalMessage) {
        throw new Mistake("model", {
          verb: "render",
          thing: name,
          found: "addGenerationPrompt and continueFinalMessage are both set",
          expected: "one",
        });
      }
      const variables = {
        ...render.variables,
        tools: render.tools ?? null,
        documents: render.documents ?? null,
        add_generation_prompt: addGenerationPrompt,
      };
      if (!continueFinalMessage) return run({ ...variables, messages: chat });
      const { marked, final } = markLast(chat, name);
      return cutAtMark(run({ ...variables, messages: marked }), final, name);
    },
  };
}

type Program = ReturnType<typeof parse>;

function compile(source: unknown, budget: TemplateBudget, name: string): Program {
  if (typeof source !== "string") {
    throw new Mistake("model", {
      verb: "read",
      thing: name,
      found: `it is a ${typeof source}`,
      expected: "Jinja source",
    });
  }
  if (source.length > budget.source) {
    throw new Mistake("model", {
      verb: "read",
      thing: name,
      found: `it is ${source.length} characters long`,
      expected: `at most ${budget.source}`,
      fix: "Raise the budget if you trust it",
    });
  }
  const space = source.match(/\s+/g)?.reduce((n, run) => Math.max(n, run.length), 0) ?? 0;
  if (space > LONGEST_SPACE) { // 0.5 looks for generation tags with a pattern that is quadratic in them
    throw new Mistake("model", {
      verb: "read",
      thing: name,
      found: `it has ${space} blanks in a row`,
      expected: `at most ${LONGEST_SPACE}`,
    });
  }
  const lines = source.replace(/\r\n?/g, "\n"); // as Jinja reads a template
  try {
    return parse(markTokens(tokenize(lines, { trim_blocks: true, lstrip_blocks: true })));
  } catch (cause) {
    throw new Mistake("model", {
      verb: "read",
      thing: name,
      found: parseMistake(cause),
      expected: "a Jinja template that transformers reads",
    }, { cause });
  }
}

function parseMistake(cause: unknown): string {
  if (cause instanceof RangeError) return "it is nested too deep";
  if (cause instanceof TypeError) return "it ends within a tag or a block"; // 0.5 looks past its last token
  return oneLine(cause);
}

function renderMistake(name: string, cause: unknown): Error {
  if (cause instanceof TemplateBudgetError) {
    return new Mistake("model", {
      verb: "render",
      thing: name,
      found: cause.found,
      fix: "Raise the budget if you trust the template",
    }, { cause });
  }
  if (cause instanceof Refusal) {
    return new Mistake("model", {
      verb: "render",
      thing: name,
      found: `the template says ${quote(cause.message)}`,
    }, {
      cause,
    });
  }
  if (cause instanceof RangeError) { // the stack, or the longest string of the engine
    return new Mistake("model", {
      verb: "render",
      thing: name,
      found: "it is nested too deep",
      expected: "a template that ends",
    }, { cause });
  }
  return new Mistake("model", {
    verb: "render",
    thing: name,
    found: oneLine(cause),
    expected: "what @huggingface/jinja knows of Jinja",
  }, { cause });
}

function oneLine(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return quote(text.replace(/\.$/, "")).slice(1, -1).replaceAll('\\"', '"');
}

/** What `raise_exception` throws. */
class Refusal extends Error {}

function globals(now: () => Date): Record<string, unknown> {
  return {
    true: true,
    True: true,
    false: false,
    False: false,
    none: null,
    None: null,
    raise_exception: (message: unknown) => {
      throw new Refusal(String(message));
    },
    strftime_now: (format: unknown) => formatTime(now(), String(format)),
    range: (a: unknown, b?: unknown, c?: unknown) => range(a, b, c),
  };
}

/** Python's dict: of a mapping or of pairs, and of names. */
const dict: TemplateFunction = ([from], named) => {
  const entries = new Map<string, TemplateValue>();
  const mapping = from?.value instanceof Map ? from.value as Map<string, TemplateValue> : undefined;
  for (const pair of mapping ? pairsOf(mapping) : itemsOf(from ?? make.list([]))) {
    const [key, value, ...more] = itemsOf(pair);
    if (!key || !value || more.length > 0) throw new Error("dict() takes a mapping or pairs");
    entries.set(pythonText(key), value);
  }
  return make.mapping(new Map([...entries, ...named]));
};

/** Jinja's joiner: nothing at first, then what stands between. */
const joiner: TemplateFunction = ([between = make.text(", ")]) => {
  let first = true;
  return make.function(() => {
    const text = first ? make.text("") : between;
    first = false;
    return text;
  });
};

/** Python's range, of bounded length. */
function range(a: unknown, b: unknown, c: unknown): number[] {
  const [start, stop, step] = b === undefined ? [0, a, 1] : [a, b, c ?? 1];
  if (![start, stop, step].every(Number.isInteger) || step === 0) {
    throw new Error("range() takes integers and a step that is not 0");
  }
  const length = Math.max(0, Math.ceil((Number(stop) - Number(start)) / Number(step)));
  if (length > LONGEST_RANGE) {
    throw new TemplateBudgetError(`it makes a range of ${length}, more than ${LONGEST_RANGE}`);
  }
  return Array.from({ length }, (_, i) => Number(start) + i * Number(step));
}

function named(variables: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined));
}

function checkMessages(messages: readonly ChatMessage[], name: string): readonly ChatMessage[] {
  if (!Array.isArray(messages)) {
    throw new Mistake("model", {
      verb: "render",
      thing: name,
      found: `messages is ${typeof messages}`,
      expected: "a list",
    });
  }
  messages.forEach((message: unknown, i) => {
    if (typeof message !== "object" || message === null || Array.isArray(message)) {
      throw new Mistake("model", {
        verb: "render",
        thing: name,
        found: `message ${i} is ` +
          `${
            message === null ? "null" : Array.isArray(message) ? "a list" : `a ${typeof message}`
          }`,
        expected: "an object with role and content",
      });
    }
  });
  return messages;
}

const REASONING = ["reasoning_content", "thinking", "reasoning"];

/** A message's reasoning under each of the names that templates read it by. */
function withReasoning(message: ChatMessage): ChatMessage {
  const key = REASONING.find((name) => message[name] !== undefined && message[name] !== null);
  if (key === undefined) return message;
  return { thinking: message[key], ...message, reasoning_content: message[key] };
}

function markLast(
  chat: readonly ChatMessage[],
  name: string,
): { marked: readonly ChatMessage[]; final: string } {
  const last = chat[chat.length - 1];
  const { content } = last ?? {};
  if (typeof content === "string") {
    return {
      marked: [...chat.slice(0, -1), { ...last, content: content + CONTINUE }],
      final: content,
    };
  }
  if (Array.isArray(content)) {
    const at = content.findLastIndex((part) => typeof part?.text === "string");
    if (at >= 0) {
      const parts = content.with(at, { ...content[at], text: content[at].text + CONTINUE });
      return {
        marked: [...chat.slice(0, -1), { ...last, content: parts }],
        final: content[at].text,
      };
    }
  }
  throw new Mistake("model", {
    verb: "render",
    thing: name,
    found: "the last message has no text",
    expected: "some to go on with",
  });
}

function cutAtMark(text: string, final: string, name: string): string {
  const at = text.lastIndexOf(CONTINUE.trim());
  if (at < 0 || !text.includes(stripText(final, "strip"))) {
    throw new Mistake("model", {
      verb: "render",
      thing: name,
      found: "the template leaves parts of the last message out",
      expected: "all of it to go on with",
    });
  }
  const whole = text.slice(0, at);
  return text.startsWith(CONTINUE, at) ? whole : stripText(whole, "rstrip");
}
