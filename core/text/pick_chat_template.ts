// Which of a model's chat templates to use: they lie in tokenizer_config.json, in a file of their own, or in both.
import { isObject, quote, show } from "../io/mistakes.ts";

/** The places that a chat template may lie in; absent ones are left out. */
export interface ChatTemplateFiles {
  /** Parsed `tokenizer_config.json`, whose `chat_template` is text or a list of named ones. */
  readonly tokenizerConfig?: unknown;
  /** Text of `chat_template.jinja`; it goes before the others, as in transformers. */
  readonly jinja?: string;
  /** Parsed `chat_template.json`, an object with `chat_template`. */
  readonly json?: unknown;
}

/** Which of several templates. */
export interface PickTemplateOptions {
  /** Its name in the list; default `tool_use` where there are tools, else `default`. */
  readonly name?: string;
  /** Whether the dialogues have tools; default false. */
  readonly tools?: boolean;
}

/**
 * Finds a model's chat template among its files.
 *
 * @example
 * ```ts
 * import { pickChatTemplate } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const tokenizerConfig = {
 *   chat_template: [{ name: "default", template: "{{ a }}" }, { name: "tool_use", template: "{{ b }}" }],
 * };
 * assertEquals(pickChatTemplate({ tokenizerConfig }), "{{ a }}");
 * assertEquals(pickChatTemplate({ tokenizerConfig }, { tools: true }), "{{ b }}");
 * ```
 *
 * @param files The files that may hold one.
 * @param options `name` or `tools`, where there are several.
 * @returns The template's source, or undefined where the model has none.
 * @throws {TypeError} If what is there is no template, or none has the name.
 */
export function pickChatTemplate(
  files: ChatTemplateFiles,
  options: PickTemplateOptions = {},
): string | undefined {
  const places: [string, unknown][] = [
    ["chat_template.jinja", files.jinja],
    ["chat_template.json", isObject(files.json) ? files.json.chat_template : undefined],
    [
      "tokenizer_config.json",
      isObject(files.tokenizerConfig) ? files.tokenizerConfig.chat_template : undefined,
    ],
  ];
  for (const [file, value] of places) {
    if (value === undefined || value === null) continue;
    if (typeof value === "string") return value;
    if (!Array.isArray(value)) {
      throw new TypeError(
        `Cannot read ${file}: chat_template is ${
          show(value)
        }, expected text or a list of templates`,
      );
    }
    return fromList(value, file, options);
  }
  return undefined;
}

function fromList(list: readonly unknown[], file: string, options: PickTemplateOptions): string {
  const byName = new Map<string, string>();
  list.forEach((entry, i) => {
    if (!isObject(entry) || typeof entry.name !== "string" || typeof entry.template !== "string") {
      throw new TypeError(
        `Cannot read ${file}: chat_template[${i}] is ${show(entry)}, expected name and template`,
      );
    }
    byName.set(entry.name, entry.template);
  });
  const wanted = options.name ?? (options.tools && byName.has("tool_use") ? "tool_use" : "default");
  const template = byName.get(wanted);
  if (template === undefined) {
    throw new TypeError(
      `Cannot read ${file}: no chat template is called ${quote(wanted)}, ` +
        `expected one of ${
          [...byName.keys()].slice(0, 8).map(quote).join(", ") || "a list of some"
        }`,
    );
  }
  return template;
}
