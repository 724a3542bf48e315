// Parsers with planted mistakes, for the fuzzer to find: each is one way to break the rule of one readable line.
import { cannotRead } from "../../core/base/mistake.ts";
import type { Target } from "../../tools/fuzz/target.ts";

const seed = new TextEncoder().encode("0123456789abcdefghijklmnopqrstuvwxyz");

function toy(name: string, parse: (bytes: Uint8Array) => void): Target {
  return {
    name,
    seeds: () => Promise.resolve([{ file: "toy.txt", bytes: seed.slice() }]),
    mutators: () => [],
    parse: ({ bytes }) => Promise.resolve(parse(bytes)),
  };
}

/** What each does with a byte 0xff. */
export const TARGETS: readonly Target[] = [
  toy("sound", (bytes) => {
    if (bytes.includes(0xff)) throw cannotRead("toy.txt", { found: "it has 255" });
  }),
  toy("plain", (bytes) => {
    if (bytes.includes(0xff)) throw new Error("Cannot read toy.txt: it has 255, expected less");
  }),
  toy("engine", (bytes) => {
    const found = bytes.includes(0xff) ? undefined : { length: 1 };
    void found!.length;
  }),
  toy("lines", (bytes) => {
    if (bytes.includes(0xff)) {
      throw cannotRead("toy.txt", { found: "it has\n255" });
    }
  }),
  toy("rejection", (bytes) => {
    if (bytes.includes(0xff)) {
      Promise.reject(new TypeError("Cannot read toy.txt: late, expected soon"));
    }
  }),
  toy("hang", (bytes) => {
    while (bytes.includes(0xff));
  }),
  toy("memory", (bytes) => {
    const kept: Uint8Array[] = [];
    for (let i = 0; bytes.includes(0xff) && i < 30; i++) kept.push(new Uint8Array(2 ** 24).fill(1));
  }),
];
