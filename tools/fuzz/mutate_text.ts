// Changes to texts with a grammar: tables with separators and quotes, and Jinja templates.
import type { Mutator } from "./mutate_bytes.ts";
import { mutateJsonText } from "./mutate_json.ts";
import type { Choices } from "./random.ts";

const decode = (bytes: Uint8Array<ArrayBuffer>) => new TextDecoder().decode(bytes);
const encode = (text: string) => new TextEncoder().encode(text);

function pieces(
  change: RegExp,
  words: readonly string[],
): (text: string, choices: Choices, other: string) => string {
  return (text, choices, other) => {
    const parts = text.match(change) ?? [""], others = other.match(change) ?? [""];
    for (let n = 1 + choices.below(4); n > 0; n--) {
      const i = choices.below(parts.length + 1), from = choices.below(others.length);
      const taken = choices.oneIn(2)
        ? [choices.pick(words)]
        : others.slice(from, from + 1 + choices.below(6));
      parts.splice(i, choices.below(4), ...taken);
    }
    return parts.join("");
  };
}

const table = pieces(/[^,\t\n\r"]+|\r\n|[^]/g, [
  ...[
    ",",
    "\t",
    '"',
    '""',
    "\n",
    "\r\n",
    "\r",
    "\n\n",
    "\ufeff",
    "\0",
    " ",
    '"\n"',
    "=1+1",
    "prompt",
  ],
  ...["__proto__", "x".repeat(3000), ",".repeat(300), '"'.repeat(301)],
]);

/** For CSV and TSV. */
export const tableMutator: Mutator = (bytes, choices, other) =>
  encode(table(decode(bytes), choices, decode(other)));

const configs = pieces(/\w+|\n *|[^]/g, [
  ..."-?:,[]{}#&*!|>'\"%@`\t\u2028",
  ...[
    "- ",
    ": ",
    "? ",
    "\n",
    "\n  ",
    "\n---\n",
    "\nconfigs:",
    "&a ",
    "*a",
    "<<: *a",
    "!!str ",
    "~",
    "7",
  ],
  ...["config_name", "data_files", "data_dir", "split", "path", "default", "true", "__proto__"],
  ...["[".repeat(3000), "{? ".repeat(300), " ".repeat(3000), "*".repeat(3000), "x: ".repeat(300)],
]);

/** For the configs in a dataset's README.md. */
export const configsMutator: Mutator = (bytes, choices, other) =>
  encode(configs(decode(bytes), choices, decode(other)));

const template = pieces(/\{[%{#]-?|-?[%}#]\}|\w+|\s+|[^]/g, [
  ...[
    "{%",
    "%}",
    "{{",
    "}}",
    "{#",
    "#}",
    "-%}",
    "{%-",
    "'",
    '"',
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "|",
    ".",
  ],
  ...[
    "{% for i in range(999999) %}",
    "{% for i in messages %}",
    "{% endfor %}",
    "{% if true %}",
    "{% endif %}",
  ],
  ...[
    "{% set x = x ~ x %}",
    "{% set ns = namespace(a='a') %}",
    "{% set ns.a = ns.a ~ ns.a %}",
    "{% else %}",
  ],
  ...[
    "{% macro m(a) %}",
    "{% endmacro %}",
    "{{ m(m) }}",
    "{% break %}",
    "{% continue %}",
    "{% generation %}",
  ],
  ...[
    "messages",
    "loop.index0",
    "none",
    "true",
    "range(10**9)",
    "1e999",
    "-1",
    "0",
    "9".repeat(30),
    "**",
    "//",
  ],
  ...[
    "|tojson",
    "|tojson(indent=4)",
    "|length",
    "|join(',')",
    "|map('upper')",
    "|selectattr('role')",
    "|list",
  ],
  ...[
    "|replace('', 'x')",
    "|trim",
    "|first",
    "|sort",
    "|items",
    "|default('')",
    "|indent(99999)",
    "|unique",
  ],
  ...[
    ".split('')",
    ".strip()",
    ".items()",
    ".get('a')",
    "[::-1]",
    "[-1]",
    "[1:][0]",
    ".__class__",
    "['a'*99999999]",
  ],
  ...[
    " in ",
    " is defined",
    " is string",
    " not ",
    " if ",
    " else ",
    " ~ ",
    " + ",
    " % ",
    " * ",
    "strftime_now('%Y')",
  ],
  ...[
    "raise_exception('a')",
    "'a' * 1000000000",
    "caller()",
    "{% call m() %}",
    "{% endcall %}",
    "{% filter upper %}",
  ],
  ...[
    "{% endfilter %}",
    "joiner()",
    "dict(a=1)",
    "cycler(1)",
    "lipsum(9)",
    "self",
    "super()",
    "tools",
    "bos_token",
  ],
]);

/** For a chat template's source. */
export const templateMutator: Mutator = (bytes, choices, other) =>
  encode(template(decode(bytes), choices, decode(other)));

/** For tokenizer_config.json: its chat template, or any of its values. */
export const tokenizerConfigMutator: Mutator = (bytes, choices, other) => {
  try {
    const config = JSON.parse(decode(bytes)), otherConfig = JSON.parse(decode(other));
    if (choices.oneIn(2) || typeof config.chat_template !== "string") {
      return encode(mutateJsonText(decode(bytes), choices) ?? "");
    }
    config.chat_template = template(
      config.chat_template,
      choices,
      String(otherConfig.chat_template),
    );
    return encode(JSON.stringify(config));
  } catch {
    return bytes;
  }
};
