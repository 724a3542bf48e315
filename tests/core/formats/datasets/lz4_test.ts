import { assertEquals, assertThrows } from "@std/assert";
import { unLz4, unLz4Hadoop } from "../../../../core/formats/datasets/lz4.ts";
import { processorMs } from "../../../support/cost.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (plain: Uint8Array) => new TextDecoder().decode(plain);

const BLOCKS: [packed: number[], plain: string][] = [
  [[0], ""],
  [[], ""],
  [[0x30, ...bytes("xyz")], "xyz"],
  // Two letters and a copy of 15 + 0 + 4 that runs into itself, then one more letter.
  [[0x2f, 0x61, 0x62, 2, 0, 0, 0x10, 0x63], "ab" + "ab".repeat(9) + "a" + "c"],
  [[0xf0, 255, 1, ...bytes("q".repeat(271))], "q".repeat(271)],
];
for (const [packed, plain] of BLOCKS) {
  Deno.test(`unLz4() makes ${plain.length} bytes of ${packed.length}`, () => {
    assertEquals(text(unLz4(Uint8Array.from(packed), plain.length)), plain);
  });
}

const WRONG: [name: string, packed: number[], length: number][] = [
  ["too short", [0x30, 1, 2, 3], 4],
  ["too long", [0x30, 1, 2, 3], 2],
  ["literals beyond the block", [0x30, 1, 2], 3],
  ["a length without an end", [0xf0, 255, 255], 999],
  ["half an offset", [0x11, 1, 1], 9],
  ["a copy of nothing", [0x11, 1, 0, 0], 6],
  ["a copy from before the begin", [0x11, 1, 2, 0], 6],
  ["a copy beyond the size", [0x1f, 1, 1, 0, 255, 255, 0], 99],
];
for (const [name, packed, length] of WRONG) {
  Deno.test(`unLz4() refuses ${name}`, () => {
    assertThrows(() => unLz4(Uint8Array.from(packed), length), RangeError);
  });
}

Deno.test("unLz4() and unLz4Hadoop() stop an endless copy at the size, not at its end", () => {
  const bomb = new Uint8Array(2 ** 24).fill(255); // would go on for 4 · 10⁹ bytes
  bomb.set([0x1f, 1, 1, 0]);
  bomb[bomb.length - 1] = 0;
  const begin = processorMs();
  for (const undo of [unLz4, unLz4Hadoop]) assertThrows(() => undo(bomb, 100), RangeError);
  const ms = processorMs() - begin; // walking the 16 MiB of the length takes some 50 ms
  assertEquals(ms < 2000, true, `${ms} ms`);
});

const HELLO = [0x20, ...bytes("he")], LLO = [0x30, ...bytes("llo")];
const FRAMES: [name: string, packed: number[]][] = [
  ["one frame", [0, 0, 0, 5, 0, 0, 0, 6, 0x50, ...bytes("hello")]],
  ["two frames", [0, 0, 0, 2, 0, 0, 0, 3, ...HELLO, 0, 0, 0, 3, 0, 0, 0, 4, ...LLO]],
  ["a frame of two blocks", [0, 0, 0, 5, 0, 0, 0, 3, ...HELLO, 0, 0, 0, 4, ...LLO]],
  ["a block alone", [0x50, ...bytes("hello")]],
];
for (const [name, packed] of FRAMES) {
  Deno.test(`unLz4Hadoop() reads ${name}`, () => {
    assertEquals(text(unLz4Hadoop(Uint8Array.from(packed), 5)), "hello");
  });
}

Deno.test("unLz4Hadoop() refuses a block that copies from the one before, and frames of other sizes", () => {
  const copying = [0, 0, 0, 6, 0, 0, 0, 3, ...HELLO, 0, 0, 0, 3, 0x00, 1, 0];
  for (const packed of [copying, FRAMES[0][1].with(3, 6), FRAMES[1][1].slice(0, -1)]) {
    assertThrows(() => unLz4Hadoop(Uint8Array.from(packed), 6), RangeError);
  }
});
