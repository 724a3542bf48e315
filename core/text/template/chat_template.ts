// Chat templates: messages to the text that a model was trained on, as transformers' apply_chat_template renders it,
// within a budget on source, steps and output, because a template comes from whoever made the model.
import { Environment } from "@huggingface/jinja";
import { type ChatTemplateSource, pickChatTemplate } from "./pick_chat_template.ts";
import { TemplateInterpreter } from "./interpreter.ts";
import type { TemplateLimits } from "./meter.ts";
import { make, templateValue } from "./make.ts";
import {
  type ChatMessage,
  checkMessages,
  cutAtMark,
  markLast,
  withReasoning,
} from "./chat_messages.ts";
import { FUNCTIONS, templateGlobals } from "./globals.ts";
import { compileTemplate, type Program } from "./program.ts";
import { cannotRender, renderMistake } from "./render_mistake.ts";

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
 * @returns The template. `render` throws a Mistake for a source that is no template, for what the template refuses
 * or cannot do, and where it goes over its budget.
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
    const program = compileTemplate(text, budget.source, name);
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
    const all = { ...templateGlobals(now), ...fixed, ...named(variables) };
    try {
      for (const [key, value] of Object.entries(all)) {
        environment.setVariable(key, templateValue(value) as never);
      }
      for (const [key, body] of Object.entries(FUNCTIONS)) {
        environment.setVariable(key, make.function(body) as never);
      }
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
        throw cannotRender(name, {
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

function named(variables: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined));
}
