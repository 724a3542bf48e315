import { assertEquals, assertThrows } from "@std/assert";
import { choice, type Flag, given, number, text, under, whole } from "../../../cli/flags/kinds.ts";
import { completeValues, parseTable } from "../../../cli/flags/parser.ts";
import { UsageError } from "../../../cli/terminal/mistake.ts";

const FLAGS: readonly Flag[] = under("All", [
  { name: "model", value: "DIR", type: text, required: true, help: "A model" },
  { name: "adapter", value: "DIR", type: text, repeatable: true, help: "An adapter" },
  { name: "max-new", value: "N", type: whole(1, 64), default: 8, help: "Tokens" },
  { name: "lr", value: "LR", type: number(-1, 1), help: "A number" },
  { name: "chat", ...choice("auto", "never"), default: "auto", help: "A choice" },
  { name: "json", ...given, help: "As JSON" },
]);

const split = (line: string) => line === "" ? [] : line.split(" ");
const parse = (line: string, most = 0) => parseTable("try", FLAGS, split(line), most);

Deno.test("parseTable() gives numbers, words, lists and marks by field, and no defaults", () => {
  assertEquals(
    parse("--model m --adapter a --json --adapter=b --lr -.5 --max-new=3 --max-new 4").values,
    { model: "m", adapter: ["a", "b"], json: true, lr: -0.5, maxNew: 4 },
  );
  assertEquals(parse("").values, {});
});

Deno.test("parseTable() joins the values of a joined flag by commas", () => {
  const flag = { group: "", name: "end-token", value: "T", type: text, joined: true, help: "" };
  const { values } = parseTable("try", [flag], ["--end-token", "a", "--end-token=2,b"]);
  assertEquals(values, { endToken: "a,2,b" });
});

Deno.test("parseTable() keeps positional arguments, a dash and what follows -- among them", () => {
  assertEquals(parse("a --json b", 2).positional, ["a", "b"]);
  assertEquals(parse("- --json -- --model -h", 3).positional, ["-", "--model", "-h"]);
  assertEquals(parse("--model -").values, { model: "-" });
});

Deno.test("parseTable() sees --help before any mistake, but not after --", () => {
  assertEquals(parse("--bogus -h"), { help: true, values: {}, positional: [] });
  assertEquals(parse("-- -h", 1).help, false);
});

const BAD: readonly (readonly [line: string, error: string])[] = [
  ["--json=1", "Cannot try: --json has a value, expected none"],
  ["--adapter --json", "Cannot try: --adapter has no value, expected a value (DIR)"],
  [
    "--jsn",
    'Cannot try: "--jsn" is no flag, expected flags that --help lists. Did you mean --json?',
  ],
  [
    "-x",
    'Cannot try: "-x" is no flag, expected flags that --help lists.',
  ],
  [
    "file",
    'Cannot try: "file" belongs to no flag, expected flags that --help lists.',
  ],
  ["--lr -2", "Cannot try: --lr is -2, expected a number from -1 to 1. The nearest is -1"],
  ["--lr 1e", 'Cannot try: --lr is "1e", expected a number from -1 to 1'],
  [
    "--max-new 3.6",
    "Cannot try: --max-new is 3.6, expected a whole number from 1 to 64. The nearest is 4",
  ],
  ["--chat nevr", 'Cannot try: --chat is "nevr", expected auto or never. Did you mean never?'],
];

for (const [line, message] of BAD) {
  Deno.test(`parseTable() refuses ${line} in one line`, () => {
    assertEquals(assertThrows(() => parse(line), UsageError).message, message);
  });
}

Deno.test("completeValues() adds plain defaults, empty lists and false, and wants what is required", () => {
  assertEquals(completeValues("try", FLAGS, { model: "m", maxNew: 2 }), {
    model: "m",
    adapter: [],
    maxNew: 2,
    chat: "auto",
    json: false,
  });
  assertEquals(
    assertThrows(() => completeValues("try", FLAGS, {}), UsageError).message,
    "Cannot try: --model is not given, expected --model DIR",
  );
});
