// Chat templates that are broken or that would not end; `error` is what their rendering says, the file called "file".

/** A malformed file, by name. */
export interface Row {
  name: string;
  bytes: () => Uint8Array;
  file: string;
  error: string;
}

const row = (name: string, source: string, error: string): Row => {
  return {
    name,
    bytes: () => new TextEncoder().encode(source),
    file: "chat_template.jinja",
    error,
  };
};
const RAISE = "Raise the budget if you trust the template";
const READS = "expected a Jinja template that transformers reads";
const KNOWS = "expected what @huggingface/jinja knows of Jinja";
const STEPS = `Cannot render file: it takes more than 1000000 steps. ${RAISE}`;
const LONG = `Cannot render file: it makes text of more than 1048576 characters. ${RAISE}`;
const nested = (n: number, body: string) =>
  "{% for i in range(1000) %}".repeat(n) + body + "{% endfor %}".repeat(n);
const doubled = (start: string, step: string, end: string) =>
  `{% set ns = namespace(x=${start}) %}{% for i in range(60) %}{% set ns.x = ${step} %}{% endfor %}${end}`;

/** The table. */
export const rows: Row[] = [
  row("nested loops", nested(4, "x"), STEPS),
  row("nested loops with nothing in them", nested(6, ""), STEPS),
  row(
    "a range of a thousand million",
    "{% for i in range(1000000000) %}{% endfor %}",
    `Cannot render file: it makes a range of 1000000000, more than 65536. ${RAISE}`,
  ),
  row("text that doubles", doubled("'ab'", "ns.x ~ ns.x", "{{ ns.x }}"), LONG),
  row(
    "a list that doubles",
    doubled("['ab']", "ns.x + ns.x", "{{ ns.x }}"),
    `Cannot render file: it makes a list of more than 4194304 characters. ${RAISE}`,
  ),
  row(
    "a list that holds itself twice, sixty times over",
    doubled("['ab']", "[ns.x, ns.x]", "{{ ns.x | tojson }}"),
    `Cannot render file: it makes a list of more than 4194304 characters. ${RAISE}`,
  ),
  row(
    "a namespace that holds itself",
    "{% set ns = namespace() %}{% set ns.x = ns %}{{ ns.x }}",
    `Cannot render file: it nests lists more than 64 deep. ${RAISE}`,
  ),
  row(
    "a namespace chain that doubles",
    "{% set a = namespace() %}" +
      Array.from({ length: 30 }, (_, i) => `{% set n${i} = namespace() %}`).join("") +
      Array.from({ length: 29 }, (_, i) => `{% set n${i}.x = [n${i + 1}, n${i + 1}] %}`).join("") +
      "{{ n0 | tojson }}",
    `Cannot render file: it makes a list of more than 4194304 characters. ${RAISE}`,
  ),
  row("text a thousand million times over", "{{ 'ab' * 1000000000 }}", LONG),
  row(
    "a list a thousand million times over",
    "{{ [1, 2] * 1000000000 }}",
    STEPS,
  ),
  row("a wide number", "{{ '%9999999d' % 1 }}", LONG),
  row("a wide field", "{{ '{:9999999}'.format(1) }}", LONG),
  row("a centre of a thousand million", "{{ 'a'|center(1000000000) }}", LONG),
  row("a text filled up to a thousand million", "{{ 'a'.zfill(1000000000) }}", LONG),
  row("slices without end", "{{ [1]|slice(1000000000)|list }}", STEPS),
  row("a batch filled up without end", "{{ [1]|batch(1000000000, 'x')|list }}", STEPS),
  row(
    "sums of lists that double",
    "{% set ns = namespace(x=[1]) %}{% for i in range(40) %}{% set ns.x = [ns.x, ns.x]|sum(start=[]) %}{% endfor %}",
    `Cannot render file: it makes a list of more than 4194304 characters. ${RAISE}`,
  ),
  row(
    "a list sorted again and again",
    "{% set x = range(60000) %}{% for i in range(1000) %}{{ (x|sort(reverse=true))[0] }}{% endfor %}",
    STEPS,
  ),
  row(
    "a list taken apart again and again",
    "{% set x = range(60000) %}{% for i in range(60000) %}{{ x[::-1][0] }}{% endfor %}",
    STEPS,
  ),
  row(
    "an integer past Python's and JavaScript's common ones",
    "{{ 9007199254740993 }}",
    `Cannot render file: it makes an integer of more than 53 bits, ${KNOWS}`,
  ),
  row("a division by zero", "{{ 1 / 0 }}", `Cannot render file: it divides by zero, ${KNOWS}`),
  row(
    "a list that is changed",
    "{{ messages.append(1) }}",
    `Cannot render file: Cannot call something that is not a function: got UndefinedValue, ${KNOWS}`,
  ),
  row(
    "an include",
    "{% include 'x' %}",
    `Cannot read file: Unknown statement type: include, ${READS}`,
  ),
  row(
    "a break outside a loop",
    "{% break %}",
    `Cannot render file: break stands in no loop, ${KNOWS}`,
  ),
  row("a wide indent", "{{ 'a\\nb' | indent(1000000000) }}", LONG),
  row(
    "a long replacement",
    "{% set x = 'ab' | indent(1000000, true) %}{{ x.replace(' ', x) }}",
    LONG,
  ),
  row(
    "a long separator",
    "{% set x = 'ab' | indent(900000, true) %}{{ range(9) | join(x) }}",
    LONG,
  ),
  row(
    "a search that fails late, again and again",
    "{% set x = 'a' | indent(800000, true) %}{% set y = 'b' ~ (' ' | indent(400000, true)) %}" +
      "{% for i in range(1000) %}{{ y in x }}{% endfor %}",
    STEPS,
  ),
  row(
    "macros that call themselves",
    "{% macro m(n) %}{{ m(n + 1) }}{% endmacro %}{{ m(0) }}",
    `Cannot render file: it nests calls and expressions more than 300 deep. ${RAISE}`,
  ),
  row(
    "a macro defined again and again",
    "{% for i in range(60000) %}{% macro m() %}" + "{{ a }}".repeat(8000) +
      "{% endmacro %}{% endfor %}",
    STEPS,
  ),
  row(
    "brackets thirty thousand deep",
    `{{ ${"(".repeat(30_000)}1${")".repeat(30_000)} }}`,
    `Cannot read file: it is nested too deep, ${READS}`,
  ),
  row(
    "a block that does not end",
    "{% if true %}a",
    `Cannot read file: it ends within a tag or a block, ${READS}`,
  ),
  row(
    "a tag that does not end",
    "{% for m in messages",
    `Cannot read file: Unexpected end of input, ${READS}`,
  ),
  row(
    "a string that does not end",
    "{{ 'abc }}",
    `Cannot read file: Unexpected end of input, ${READS}`,
  ),
  row(
    "a comment that does not end",
    "{# abc",
    `Cannot read file: Missing end of comment tag, ${READS}`,
  ),
  row(
    "a tag that Jinja has not",
    "{% exec 'rm' %}",
    `Cannot read file: Unknown statement type: exec, ${READS}`,
  ),
  row(
    "an import",
    "{% import 'os' as os %}",
    `Cannot read file: Unknown statement type: import, ${READS}`,
  ),
  row(
    "a web page",
    "<!doctype html><title>{{ login() }}</title>",
    `Cannot render file: Cannot call something that is not a function: got UndefinedValue, ${KNOWS}`,
  ),
  row(
    "blanks without end",
    `a${" ".repeat(60_000)}b`,
    "Cannot read file: it has 60000 blanks in a row, expected at most 1024",
  ),
  row(
    "source of a million characters",
    "a".repeat(1_000_000),
    "Cannot read file: it is 1000000 characters long, expected at most 65536. " +
      "Raise the budget if you trust it",
  ),
  row(
    "a filter that Jinja has not",
    "{{ messages | shell }}",
    `Cannot render file: Unknown filter: shell, ${KNOWS}`,
  ),
  row(
    "a reach for Python's insides",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    `Cannot render file: it looks up __mro__ of something undefined, ${KNOWS}`,
  ),
  row(
    "a reach for JavaScript's insides",
    "{{ messages.constructor.constructor('return 1')() }}",
    `Cannot render file: it looks up constructor of something undefined, ${KNOWS}`,
  ),
  row(
    "a message that is refused over many lines",
    "{{ raise_exception('no\\u2028way\\n' ~ 'x') }}",
    'Cannot render file: the template says "no\\u2028way\\nx"',
  ),
];
