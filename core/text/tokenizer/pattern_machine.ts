// Runs a pattern in time that grows with the text and no faster. It goes as JavaScript's own machine does, the first way
// first, and so finds the same; but it remembers where a way has failed, and takes none twice, whatever match it is in:
// without groups to refer to, what fails at a place fails there always.
import { EDGES, Op, type PatternProgram } from "./pattern_program.ts";
import { Mistake } from "../../base/mistake.ts";

const KEPT = 1 << 20; // words of memory that a short text does not have cleared

/** Matches of a pattern in texts. */
export class PatternMachine {
  /** States that were run through since the machine was made. */
  steps = 0;
  readonly #program: PatternProgram;
  /** By place and split, a bit each: this way has failed. */
  #failed = new Uint32Array(0);
  /** The same of what looks ahead or behind: this way has been found to be one. */
  #found = new Uint32Array(0);
  #stack = new Int32Array(1024);
  #top = 0;
  #text = "";

  /** @param program As `compilePattern` makes it. */
  constructor(program: PatternProgram) {
    this.#program = program;
  }

  /**
   * All matches, one after another, as `String.matchAll` finds them.
   *
   * @returns Where each begins and ends, in UTF-16 units.
   */
  matches(text: string): [start: number, end: number][] {
    this.#begin(text);
    const found: [number, number][] = [];
    for (let at = 0; at <= text.length;) {
      const end = this.#run(this.#program.start, at, false);
      if (end >= 0) found.push([at, end]);
      at = end > at ? end : at + (isPair(text, at) ? 2 : 1);
    }
    this.#text = "";
    return found;
  }

  #begin(text: string): void {
    const bits = this.#program.splits * (text.length + 1);
    if (bits > 2 ** 31) {
      throw new Mistake("file", {
        verb: "match",
        thing: "a text",
        found: `it has ${text.length} characters`,
        expected: `fewer for a pattern with ${this.#program.splits} ways to go`,
        fix: "Cut the text into pieces",
      });
    }
    const words = Math.ceil(bits / 32);
    if (this.#failed.length < words || this.#failed.length > KEPT) {
      this.#failed = new Uint32Array(words);
      this.#found = new Uint32Array(words);
    } else {
      this.#failed.fill(0, 0, words);
      this.#found.fill(0, 0, words);
    }
    this.#text = text;
  }

  /** Where the program from a state ends, −1 where it does not; `looks` where only that it ends counts. */
  #run(start: number, from: number, looks: boolean): number {
    const { ops, a, b, c, sets, splits } = this.#program;
    const text = this.#text;
    const failed = this.#failed, found = this.#found;
    const base = this.#top;
    let state = start, at = from;
    for (;;) {
      this.steps++;
      let goes: boolean;
      switch (ops[state]) {
        case Op.match:
          this.#leave(base, looks);
          return at;
        case Op.take: {
          let point = at < text.length ? text.charCodeAt(at) : -1;
          if ((point & 0xfc00) === 0xd800) point = text.codePointAt(at)!;
          goes = point >= 0 && sets[a[state]].has(point);
          if (goes) at += point > 0xffff ? 2 : 1;
          break;
        }
        case Op.takeBack: {
          const width = isPair(text, at - 2) ? 2 : 1;
          goes = at > 0 && sets[a[state]].has(text.codePointAt(at - width)!);
          if (goes) at -= width;
          break;
        }
        case Op.split: {
          const bit = at * splits + c[state];
          if (looks && (found[bit >>> 5] >>> (bit & 31) & 1) === 1) {
            this.#leave(base, looks);
            return at;
          }
          if ((failed[bit >>> 5] >>> (bit & 31) & 1) === 0) {
            this.#push(state, at);
            state = a[state];
            continue;
          }
          goes = false;
          break;
        }
        case Op.edge:
          goes = isEdge(text, at, EDGES[a[state]]);
          break;
        default:
          goes = (this.#run(a[state], at, true) >= 0) === (ops[state] === Op.look);
      }
      if (goes) {
        state = b[state];
        continue;
      }
      for (;;) { // back to the last split: to its other way, or, where both have failed, past it
        if (this.#top === base) return -1;
        const entry = this.#stack[this.#top - 2];
        at = this.#stack[this.#top - 1];
        if (entry >= 0) {
          this.#stack[this.#top - 2] = ~entry;
          state = b[entry];
          break;
        }
        this.#top -= 2;
        const bit = at * splits + c[~entry];
        failed[bit >>> 5] |= 1 << (bit & 31);
      }
    }
  }

  /** Drops what a run has on the stack; where it looked, all of it was a way to what was found. */
  #leave(base: number, looks: boolean): void {
    const { c, splits } = this.#program;
    for (; this.#top > base; this.#top -= 2) {
      if (!looks) {
        this.#top = base;
        return;
      }
      const entry = this.#stack[this.#top - 2];
      const bit = this.#stack[this.#top - 1] * splits + c[entry < 0 ? ~entry : entry];
      this.#found[bit >>> 5] |= 1 << (bit & 31);
    }
  }

  #push(state: number, at: number): void {
    if (this.#top + 2 > this.#stack.length) {
      const larger = new Int32Array(2 * this.#stack.length);
      larger.set(this.#stack);
      this.#stack = larger;
    }
    this.#stack[this.#top++] = state;
    this.#stack[this.#top++] = at;
  }
}

/** Whether a pair of surrogates begins at a place. */
function isPair(text: string, at: number): boolean {
  return at >= 0 && (text.charCodeAt(at) & 0xfc00) === 0xd800 &&
    (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00;
}

function isEdge(text: string, at: number, edge: typeof EDGES[number]): boolean {
  const isWord = (i: number) => /^\w/.test(text.charAt(i));
  const ends = (i: number) => /^[\n\r\u2028\u2029]/.test(text.charAt(i));
  switch (edge) {
    case "start":
      return at === 0;
    case "end":
      return at === text.length;
    case "line start":
      return at === 0 || ends(at - 1);
    case "line end":
      return at === text.length || ends(at);
    default:
      return (isWord(at - 1) !== isWord(at)) === (edge === "word");
  }
}
