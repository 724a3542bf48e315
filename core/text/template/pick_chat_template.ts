// A model's chat templates: they lie in tokenizer_config.json, in files of their own, or in both; of several, a rendering
// picks one.
import { isObject, quote, show } from "../../base/quote.ts";
import { Mistake } from "../../base/mistake.ts";

/** The places that a chat template may lie in; absent ones are left out. */
export interface ChatTemplateFiles {
  /** Parsed `tokenizer_config.json`, whose `chat_template` is text or a list of named ones. */
  readonly tokenizerConfig?: unknown;
  /** Text of `chat_template.jinja`; it goes before the others, as in transformers. */
  readonly jinja?: string;
  /** Parsed `chat_template.json`, an object with `chat_template`. */
  readonly json?: unknown;
  /** Texts of `additional_chat_templates/NAME.jinja` by name; they stand beside the one of the other places. */
  readonly named?: ReadonlyMap<string, string>;
}

/** Source of a model's one chat template, or sources by name, of which a rendering picks one. */
export type ChatTemplateSource = string | ReadonlyMap<string, string>;

/** Which of several templates. */
export interface PickTemplateOptions {
  /** Its name in the list; default `tool_use` where there are tools, else `default`. */
  readonly name?: string;
  /** Whether the dialogue has tools; default false. */
  readonly tools?: boolean;
}

/**
 * Finds a model's chat templates among its files.
 *
 * @example
 * ```ts
 * import { findChatTemplate, pickChatTemplate } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const tokenizerConfig = {
 *   chat_template: [{ name: "default", template: "{{ a }}" }, { name: "tool_use", template: "{{ b }}" }],
 * };
 * const found = findChatTemplate({ tokenizerConfig });
 * assertEquals(pickChatTemplate(found!, "tokenizer_config.json", { tools: true }), "{{ b }}");
 * ```
 *
 * @param files The files that may hold one.
 * @returns One, or several by name; undefined where the model has none.
 * @throws {Mistake} If what is there is no template.
 */
export function findChatTemplate(files: ChatTemplateFiles): ChatTemplateSource | undefined {
  const main = mainTemplate(files);
  const { named } = files;
  if (named === undefined || named.size === 0) return main;
  const others = typeof main === "string" ? [["default", main] as const] : main ?? [];
  return new Map([...others, ...named]);
}

function mainTemplate(files: ChatTemplateFiles): ChatTemplateSource | undefined {
  if (files.jinja !== undefined) return files.jinja;
  const places: [string, unknown][] = [
    ["chat_template.json", files.json],
    ["tokenizer_config.json", files.tokenizerConfig],
  ];
  for (const [file, json] of places) {
    const value = isObject(json) ? json.chat_template : undefined;
    if (value === undefined || value === null) continue;
    if (typeof value === "string") return value;
    if (Array.isArray(value)) return byName(value, file);
    throw new Mistake("model", {
      verb: "read",
      thing: file,
      found: `chat_template is ${show(value)}`,
      expected: "text or a list of templates",
    });
  }
  return undefined;
}

function byName(list: readonly unknown[], file: string): ReadonlyMap<string, string> {
  return new Map(list.map((entry, i) => {
    if (!isObject(entry) || typeof entry.name !== "string" || typeof entry.template !== "string") {
      throw new Mistake("model", {
        verb: "read",
        thing: file,
        found: `chat_template[${i}] is ${show(entry)}`,
        expected: "name and template",
      });
    }
    return [entry.name, entry.template];
  }));
}

/**
 * The template that a dialogue is rendered with, as transformers picks it.
 *
 * @example
 * ```ts
 * import { pickChatTemplate } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const several = new Map([["default", "{{ a }}"], ["rag", "{{ b }}"]]);
 * assertEquals(pickChatTemplate(several, "the chat template"), "{{ a }}");
 * assertEquals(pickChatTemplate(several, "the chat template", { name: "rag" }), "{{ b }}");
 * ```
 *
 * @param source One template, which is it whatever the options say, or several by name.
 * @param from What to call them in errors.
 * @param options `name` or `tools`, where there are several.
 * @returns The template's source.
 * @throws {Mistake} If none has the name.
 */
export function pickChatTemplate(
  source: ChatTemplateSource,
  from: string,
  options: PickTemplateOptions = {},
): string {
  if (typeof source === "string") return source;
  const wanted = options.name ?? (options.tools && source.has("tool_use") ? "tool_use" : "default");
  const template = source.get(wanted);
  if (template !== undefined) return template;
  const names = [...source.keys()].slice(0, 8).map(quote).join(", ");
  throw new Mistake("model", {
    verb: "read",
    thing: from,
    found: `no chat template is called ${quote(wanted)}`,
    expected: `one of ${names || "a list of some"}`,
  });
}
