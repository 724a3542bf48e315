import { assertEquals, assertThrows } from "@std/assert";
import { parseLlama2cTokenizer } from "../../../core/formats/llama2c_tokenizer.ts";
import type { Tokenizer } from "../../../core/text/tokenizer/tokenizer.ts";
import { Mistake } from "../../../core/base/mistake.ts";

const SPECIAL: [string, number][] = [["<unk>", 0], ["\n<s>\n", 0], ["\n</s>\n", 0]];
const BYTES: [string, number][] = Array.from(
  { length: 256 },
  (_, i) => [`<0x${i.toString(16).toUpperCase().padStart(2, "0")}>`, 0],
);

function encodeFile(pieces: [string, number][]): Uint8Array {
  const out: number[] = [8, 0, 0, 0];
  for (const [piece, score] of pieces) {
    const text = new TextEncoder().encode(piece);
    out.push(...new Uint8Array(Float32Array.of(score).buffer));
    out.push(...new Uint8Array(Int32Array.of(text.length).buffer), ...text);
  }
  return Uint8Array.from(out);
}

const WORDS: [string, number][] = [
  ...[" ", "a", "b", "c", "é"].map((piece): [string, number] => [piece, -1000]),
  ["ab", -3],
  ["bc", -2],
  ["abc", -4],
  [" a", -5],
  ["aa", -6],
  [" abc", -7],
];
const PIECES = [...SPECIAL, ...BYTES, ...WORDS];
const open = (pieces = PIECES) =>
  parseLlama2cTokenizer(encodeFile(pieces), pieces.length, "tok.bin");
const id = (piece: string) => PIECES.findIndex(([other]) => other === piece);

Deno.test("parseLlama2cTokenizer() encode() merges the best score first, of equals the leftmost", () => {
  const { encode } = open();
  const rows: [string, string[]][] = [
    ["", []],
    ["a", [" a"]],
    ["ab", [" ", "ab"]], // ab (−3) before " a" (−5)
    ["abc", [" abc"]], // bc, then abc, then " abc"
    ["aaa", [" a", "aa"]], // " a" (−5) before aa (−6)
    ["baaa", [" ", "b", "aa", "a"]], // the left aa of two
    ["ba é", [" ", "b", "a", " ", "é"]],
  ];
  for (const [text, pieces] of rows) assertEquals(encode(text), pieces.map(id), text);
  assertEquals(encode("a", { addSpecial: true }), [1, id(" a")]);
  assertEquals(encode("", { addSpecial: true }), [1]);
});

Deno.test("parseLlama2cTokenizer() encode() falls back to bytes, ids 3 on", () => {
  const { encode, decode } = open();
  assertEquals(encode("日"), [id(" "), 0xe6 + 3, 0x97 + 3, 0xa5 + 3]);
  assertEquals(encode("\n"), [id(" "), 13]);
  assertEquals(decode(encode("日\n😀é", { addSpecial: true })), "日\n😀é");
  assertEquals(decode(encode("\ud800", { addSpecial: true })), "\ufffd"); // a lone surrogate has no bytes
});

Deno.test("parseLlama2cTokenizer() decode() drops one space after BOS, special ids, and joins bytes", () => {
  const { decode, encode } = open();
  assertEquals(decode([1, id(" a"), id(" a")]), "a a");
  assertEquals(decode([id(" a"), id(" a")]), " a a");
  assertEquals(decode([1, id(" "), id(" "), 2, 0]), " ");
  assertEquals(decode([0xe6 + 3]), "\ufffd"); // half a character
  assertEquals(decode(Int32Array.from(encode("abc", { addSpecial: true }))), "abc");
  assertEquals(decode([]), "");
});

Deno.test("parseLlama2cTokenizer() is a Tokenizer whose end is llama2.c's stop, id 1", () => {
  const tokenizer: Tokenizer = open();
  assertEquals(
    [tokenizer.vocabSize, tokenizer.bosId, tokenizer.eosId, tokenizer.padId],
    [PIECES.length, 1, 1, undefined],
  );
});

Deno.test("parseLlama2cTokenizer() refuses malformed files", () => {
  const whole = encodeFile(PIECES);
  const n = PIECES.length;
  const negative = whole.slice();
  new DataView(negative.buffer).setInt32(8, -1, true);
  const broken = whole.slice();
  broken[12] = 0xff;
  const rows: [Uint8Array, number, string][] = [
    [new Uint8Array(), n, "the file is empty, expected a llama2.c tokenizer. Fetch the file again"],
    [
      whole.slice(0, -1),
      n,
      `it ends within piece ${n - 1}, expected ${n} pieces. ` +
      "The download was cut, or the tokenizer is of another model",
    ],
    [
      whole,
      n + 1,
      `it ends within piece ${n}, expected ${n + 1} pieces. ` +
      "The download was cut, or the tokenizer is of another model",
    ],
    [
      whole,
      n - 1,
      `it is ${whole.length} bytes long, expected ${whole.length - 12} for ${n - 1} pieces. ` +
      "The tokenizer is of another model",
    ],
    [negative, n, "the length of piece 0 is -1, expected at least 0"],
    [broken, n, "piece 0 is not UTF-8, expected text"],
    [encodeFile(SPECIAL), 3, 'piece " " is missing, expected it before every text'],
  ];
  for (const [bytes, size, message] of rows) {
    const error = assertThrows(() => parseLlama2cTokenizer(bytes, size, "tok.bin"), Mistake);
    assertEquals(error.message, `Cannot read tok.bin: ${message}`);
  }
  for (let cut = 1; cut < whole.length; cut += 7) {
    assertThrows(() => parseLlama2cTokenizer(whole.subarray(0, cut), n, "tok.bin"), Mistake);
  }
});

Deno.test("parseLlama2cTokenizer() encode() and decode() refuse what has no id or piece", () => {
  const small = open([...SPECIAL, [" ", 0], ["a", 0]]);
  assertEquals(
    assertThrows(() => small.encode("ab"), Mistake).message,
    'Cannot encode text: character "b" has no piece, ' +
      "expected one or byte pieces <0x00> to <0xFF> at ids 3 to 258",
  );
  assertEquals(
    assertThrows(() => small.decode([3, 5]), Mistake).message,
    "Cannot decode ids: ids[1] is 5, expected an id of the vocabulary of 5",
  );
});

const DATA = new URL("../../../../shared/data", import.meta.url).pathname; // real data, where it lies beside the checkout
const file = await Deno.readFile(`${DATA}/stories260K/tok512.bin`).catch(() => undefined);
const stories = await Deno.readTextFile(`${DATA}/tinystories/train.txt`).catch(() => undefined);
if (file && stories) {
  Deno.test("parseLlama2cTokenizer() spells real stories as run.c's own loop does, and back", () => {
    const { encode, decode, pieces, scores } = parseLlama2cTokenizer(file, 512, "tok512.bin");
    const text = stories.slice(0, 1200) + " naïve 日本 “quotes”";
    const ids = encode(text, { addSpecial: true });
    assertEquals(decode(ids), text);
    const literal = [1, pieces.indexOf(" ")];
    for (const c of text) {
      const at = pieces.indexOf(c);
      if (at >= 0) literal.push(at);
      else literal.push(...Array.from(new TextEncoder().encode(c), (byte) => byte + 3));
    }
    const byPiece = new Map(pieces.map((piece, i) => [piece, i]));
    for (;;) { // "while (1)" of encode() in run.c
      let [bestScore, bestId, bestAt] = [-1e10, -1, -1];
      for (let i = 0; i < literal.length - 1; i++) {
        const joint = byPiece.get(pieces[literal[i]] + pieces[literal[i + 1]]) ?? -1;
        if (joint !== -1 && scores[joint] > bestScore) {
          [bestScore, bestId, bestAt] = [scores[joint], joint, i];
        }
      }
      if (bestAt === -1) break;
      literal.splice(bestAt, 2, bestId);
    }
    assertEquals(ids, literal);
    assertEquals(ids.length < text.length / 2, true);
  });
}
