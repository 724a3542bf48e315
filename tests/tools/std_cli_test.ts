/** What the genuine @std/cli 1.0.32 does, traps included. */
import { assertEquals, assertThrows } from "@std/assert";
import { parseArgs, promptSecret, unicodeWidth } from "@std/cli";

type Options = Parameters<typeof parseArgs>[1];

const table: [name: string, args: string, options: Options, wanted: Record<string, unknown>][] = [
  ["a flag and the rest", "--foo --bar=baz ./quux.txt", {}, {
    foo: true,
    bar: "baz",
    _: ["./quux.txt"],
  }],
  ["a value after a space", "--steps 12 go", {}, { steps: 12, _: ["go"] }],
  ["numbers become numbers", "--a 0x10 --b 1e3 --c 1.5 --d 12a 7 x", {}, {
    a: 16,
    b: 1000,
    c: 1.5,
    d: "12a",
    _: [7, "x"],
  }],
  ["string flags stay text", "--seed 007 5", { string: ["seed", "_"] }, { seed: "007", _: ["5"] }],
  ["a string flag alone is empty", "--seed", { string: ["seed"] }, { seed: "", _: [] }],
  ["an unset string flag is absent", "", { string: ["seed"] }, { _: [] }],
  ["trap: a negative value is a flag", "--beta -1", { string: ["beta"] }, {
    beta: "",
    1: true,
    _: [],
  }],
  ["a negative value after =", "--beta=-1", { string: ["beta"] }, { beta: "-1", _: [] }],
  ["trap: an = without value joins the name", "--foo=", {}, { "foo=": true, _: [] }],
  ["boolean flags take no value", "--fast x", { boolean: ["fast"] }, { fast: true, _: ["x"] }],
  ["boolean flags take true and false", "--a false --b=false --c true", {
    boolean: ["a", "b", "c"],
  }, {
    a: false,
    b: false,
    c: true,
    _: [],
  }],
  ["an unset boolean flag is false", "", { boolean: ["fast"] }, { fast: false, _: [] }],
  ["boolean: true means all", "--a x --b=1", { boolean: true }, { a: true, b: 1, _: ["x"] }],
  ["defaults", "--a 1", { default: { a: 5, b: 6 } }, { a: 1, b: 6, _: [] }],
  ["a default beats false", "", { boolean: ["a"], default: { a: true } }, { a: true, _: [] }],
  ["aliases", "-o out", { alias: { out: ["o", "output"] } }, {
    o: "out",
    out: "out",
    output: "out",
    _: [],
  }],
  ["an alias shares the kind", "-s 5", { string: "seed", alias: { seed: "s" } }, {
    s: "5",
    seed: "5",
    _: [],
  }],
  ["the last one wins", "--a 1 --a 2", {}, { a: 2, _: [] }],
  ["collected flags grow", "--a x --a y", { collect: ["a"] }, { a: ["x", "y"], _: [] }],
  ["collected text", "--a 1", { collect: ["a"], string: ["a", "b"] }, { a: ["1"], _: [] }],
  ["unset collected text is empty", "", { collect: ["a"], string: ["a"] }, { a: [], _: [] }],
  ["negatable flags", "--no-log", { negatable: ["log"], boolean: ["log"] }, { log: false, _: [] }],
  ["others keep their no-", "--no-log", {}, { "no-log": true, _: [] }],
  ["-- ends the flags", "--a 1 -- --b 2", {}, { a: 1, _: ["--b", "2"] }],
  ["-- apart", "x -- --b 2", { "--": true }, { _: ["x"], "--": ["--b", "2"] }],
  ["stopEarly", "--a 1 run --b 2", { stopEarly: true }, { a: 1, _: ["run", "--b", "2"] }],
  ["letters", "-abc", {}, { a: true, b: true, c: true, _: [] }],
  ["a letter and its number", "-n5", {}, { n: 5, _: [] }],
  ["a letter and its value", "-n=x -m y", {}, { n: "x", m: "y", _: [] }],
  ["a dash alone", "-n - -", {}, { n: "-", _: ["-"] }],
  ["dots nest", "--a.b 1 --a.c 2", {}, { a: { b: 1, c: 2 }, _: [] }],
];

for (const [name, args, options, wanted] of table) {
  Deno.test(`parseArgs() ${name}`, () => {
    assertEquals(parseArgs(args.split(" ").filter(Boolean), options), wanted);
  });
}

Deno.test("parseArgs() shows `unknown` what is not named and drops it on false", () => {
  const seen: unknown[] = [];
  const args = parseArgs(["--known", "1", "--other=2", "file"], {
    string: ["known"],
    unknown: (...call) => {
      seen.push(call);
      return false;
    },
  });
  assertEquals(args, { known: "1", _: [] });
  assertEquals(seen, [["--other=2", "other", "2"], ["file"]]);
});

Deno.test("parseArgs() refuses an undefined alias", () => {
  assertThrows(() => parseArgs([], { alias: { a: undefined } }), TypeError, "Alias value must be");
});

Deno.test("parseArgs() has the types of its options", () => {
  const args = parseArgs(["--seed", "3"], {
    string: ["seed", "out"],
    boolean: ["help"],
    collect: ["prompt"],
    default: { out: "runs" },
    alias: { help: "h" },
  });
  const seed: string | undefined = args.seed;
  const out: string = args.out;
  const help: boolean = args.help || args.h;
  const prompts: unknown[] | undefined = args.prompt;
  const rest: (string | number)[] = args._;
  assertEquals([seed, out, help, prompts, rest], ["3", "runs", false, undefined, []]);
});

Deno.test("unicodeWidth() counts columns", () => {
  assertEquals(unicodeWidth("hello world"), 11);
  assertEquals(unicodeWidth("天地玄黃宇宙洪荒"), 16);
  assertEquals(unicodeWidth("ｆｕｌｌｗｉｄｔｈ"), 18);
  assertEquals(unicodeWidth("e\u0301"), 1);
  assertEquals(unicodeWidth("win rate 🦕"), 11);
  assertEquals(unicodeWidth(""), 0);
});

Deno.test("promptSecret() is null without a terminal", async () => {
  const code = `import { promptSecret } from "@std/cli"; console.log(promptSecret("Token"));`;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", code],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).output();
  assertEquals(new TextDecoder().decode(stdout).trim(), "null");
  assertEquals(typeof promptSecret, "function");
});
