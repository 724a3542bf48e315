// The fuzzer finds what is planted, and every parser stands a second of it.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { cannotRead } from "../../core/base/mistake.ts";
import { campaign, minimise } from "../../tools/fuzz/campaign.ts";
import { ggufFields, thriftNumbers } from "../../tools/fuzz/mutate_binary.ts";
import { BYTE_MUTATORS, MOST_BYTES } from "../../tools/fuzz/mutate_bytes.ts";
import { mutateJsonText, safetensorsMutator } from "../../tools/fuzz/mutate_json.ts";
import { faultOf } from "../../tools/fuzz/oracle.ts";
import { Choices } from "../../tools/fuzz/random.ts";
import { TARGETS } from "../../tools/fuzz/targets.ts";
import { outcomeLine, parseFlags, saveFinding } from "../../tools/fuzz.ts";
import { smallLlama } from "../malformed/gguf.ts";
import { safetensors } from "../malformed/safetensors.ts";
import { temporaryTree } from "./temporary.ts";

const OURS = new URL("../../tools/fuzz/targets.ts", import.meta.url).href;
const TOYS = new URL("./fuzz_toy.ts", import.meta.url).href;
const bytesOf = (text: string) => new TextEncoder().encode(text);

for (const { name } of TARGETS) {
  Deno.test(`deno task fuzz: ${name} stands a second of it`, async () => {
    using tree = temporaryTree({ "work/keep": "" });
    const work = `${tree.root}/work`;
    const outcome = await campaign({ module: OURS, parser: name, seconds: 1, seed: 7, work });
    assert(outcome.executions >= 5, outcomeLine(outcome));
    assertEquals(outcome.findings.map(({ fault, detail }) => [fault, detail]), []);
  });
}

const PLANTED: readonly [parser: string, seconds: number, fault: string | undefined][] = [
  ["sound", 1, undefined],
  ["plain", 1, "it threw Error, expected a Mistake"],
  ["engine", 1, "it threw TypeError, expected a Mistake"],
  ["lines", 1, "its message has control characters or more than one line"],
  ["rejection", 1, "it rejected a promise that nobody waits for"],
  ["hang", 2, "it took over 1000 ms"],
];

for (const [parser, seconds, fault] of PLANTED) {
  Deno.test(`campaign() finds the planted ${parser} and makes its file small`, async () => {
    const isSlow = parser === "hang";
    const limits = isSlow ? { longestMs: 1000, minimiseMs: 3000 } : {};
    const outcome = await campaign({
      ...{ module: TOYS, parser, seconds, seed: 1, work: "unused" },
      ...limits,
    });
    assertEquals(
      [...new Set(outcome.findings.map((finding) => finding.fault))],
      fault ? [fault] : [],
    );
    for (const { input: { bytes } } of outcome.findings) {
      assert(bytes.includes(0xff));
      if (!isSlow) assertEquals(bytes, Uint8Array.of(0xff)); // their trials take long
    }
  });
}

Deno.test("faultOf() takes one readable line of a Mistake and nothing else", () => {
  const good = (found = "the file is not JSON") => cannotRead("a.json", { found });
  assertEquals(faultOf(good()), undefined);
  const bad = [
    new SyntaxError(good().message),
    good().message,
    new TypeError(good().message), // an engine's, whatever it says
    new RangeError("Invalid array length"),
    good("a\u2028"),
    good("\u001b[2J"),
    good("x".repeat(2000)),
  ];
  for (const error of bad) assert(faultOf(error) !== undefined, String(error));
});

Deno.test("minimise() halves down to what fails", async () => {
  const bytes = new Uint8Array(1000);
  bytes.set([1, 2], 600);
  const fails = (input: { bytes: Uint8Array }) =>
    Promise.resolve(input.bytes.includes(1) && input.bytes.includes(2));
  const small = await minimise({ file: "a", bytes }, fails);
  assertEquals(small.bytes, Uint8Array.of(1, 2));
});

Deno.test("Choices gives the same choices for a seed, of all values", () => {
  const draw = (seed: number) => {
    const choices = new Choices(seed);
    return Array.from({ length: 1000 }, () => choices.below(10));
  };
  assertEquals(draw(3), draw(3));
  assert(draw(3).join() !== draw(4).join());
  assertEquals(new Set(draw(5)).size, 10);
});

Deno.test("BYTE_MUTATORS change copies, never past the largest file", () => {
  const choices = new Choices(1);
  for (const mutator of BYTE_MUTATORS) {
    let isChanged = false;
    for (const [size, times] of [[1, 20], [2, 20], [9, 20], [100, 20], [MOST_BYTES, 1]]) {
      const bytes = new Uint8Array(size).fill(0x31), other = new Uint8Array(50).fill(0x32);
      for (let i = 0; i < times; i++) {
        const out = mutator(bytes, choices, other);
        assert(out.length <= MOST_BYTES);
        isChanged ||= out.length !== size || out.some((byte) => byte !== 0x31);
      }
      assert(bytes.every((byte) => byte === 0x31));
    }
    assert(isChanged, mutator.name);
  }
});

Deno.test("mutateJsonText() gives other JSON, almost always whole", () => {
  const choices = new Choices(2);
  const text = '{"a":[1,"x",null],"b":{"c":true,"d":2.5}}';
  const outs = Array.from({ length: 300 }, () => mutateJsonText(text, choices)!);
  const whole = outs.filter((out) => {
    try {
      return JSON.parse(out) !== undefined;
    } catch {
      return false; // NaN is put in as it is
    }
  });
  assert(whole.length > 250, String(whole.length));
  assert(new Set(outs).size > 150);
  assert(outs.some((out) => out.includes('"__proto__"')));
  assert(outs.some((out) => out.includes("1e999")));
  assertEquals(mutateJsonText("{", choices), undefined);
});

Deno.test("safetensorsMutator changes the header and keeps its length true", () => {
  const file = safetensors({ a: { dtype: "F32", shape: [1], data_offsets: [0, 4] } }, 4);
  const choices = new Choices(3);
  for (let i = 0; i < 50; i++) {
    const out = safetensorsMutator(file, choices, file);
    const length = Number(new DataView(out.buffer).getBigUint64(0, true));
    assertEquals(out.length, 8 + length + 4);
  }
});

Deno.test("ggufFields() follows a file to its end", () => {
  const file = smallLlama();
  const fields = ggufFields(file);
  const name = bytesOf("blk.0.attn_q.weight");
  const text = new TextDecoder("latin1").decode(file);
  const after = text.indexOf("blk.0.attn_q.weight") + name.length;
  const last = [[after, 4], [after + 4, 8], [after + 12, 8], [after + 20, 4], [after + 24, 8]];
  assertEquals(fields.slice(-5).map(({ at, width }) => [at, width]), last);
});

Deno.test("thriftNumbers() finds fields' heads, varints and what is within lists and structs", () => {
  // 1: i32 300; 2: list of two i32; 3: struct of 1: binary "hi"; stop
  const bytes = Uint8Array.of(0x15, 0xac, 0x02, 0x19, 0x25, 2, 4, 0x1c, 0x18, 2, 0x68, 0x69, 0, 0);
  const found = thriftNumbers(bytes, 0, bytes.length).map(({ at, length }) => [at, length]);
  assertEquals(found, [
    ...[[0, 1], [1, 2], [3, 1], [4, 1], [5, 1], [6, 1], [7, 1], [8, 1], [9, 1], [12, 1], [13, 1]],
  ]);
});

Deno.test("parseFlags() has five minutes and all parsers by default, and names a bad flag", () => {
  assertEquals(parseFlags([]), { seconds: 300, seed: 1, parsers: TARGETS.map(({ name }) => name) });
  assertEquals(parseFlags(["--parser", "csv", "--seconds", "2", "--seed", "9"]), {
    ...{ seconds: 2, seed: 9, parsers: ["csv"] },
  });
  const rows: [string[], string][] = [
    [["--parser", "xml"], "Cannot fuzz: --parser is xml, expected one of config, "],
    [["--seconds", "0"], "Cannot fuzz: --seconds is 0, expected a number above 0"],
    [["--seed", "x"], "Cannot fuzz: --seed is x, expected a whole number of at least 0"],
    [["csv"], "Cannot fuzz: csv is given, expected --seconds, --parser or --seed"],
    [["--second", "1"], "Cannot fuzz: second is given, expected --seconds, --parser or --seed"],
  ];
  for (const [args, message] of rows) assertThrows(() => parseFlags(args), Error, message);
});

Deno.test("saveFinding() writes the file and, beside it, its seed and what is wrong", async () => {
  using tree = temporaryTree({});
  const input = { file: "a/../b.csv", bytes: bytesOf("x") };
  const finding = { parser: "csv", fault: "f", detail: "d", input, seed: 5, execution: 9 };
  const path = await saveFinding(`${tree.root}/out`, finding);
  assert(path.startsWith(`${tree.root}/out/csv-`) && path.endsWith("-a_.._b.csv"));
  assertEquals(await Deno.readFile(path), bytesOf("x"));
  const { seed, fault, execution } = JSON.parse(await Deno.readTextFile(`${path}.finding.json`));
  assertEquals([seed, fault, execution], [5, "f", 9]);
});
