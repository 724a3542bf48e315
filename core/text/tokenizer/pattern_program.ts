// A pattern as a program for the machine that runs it: one instruction a state, and no state that comes back to itself
// without having taken a character.
import { CharacterSet } from "./character_set.ts";
import { parsePattern, PatternError, type PatternNode } from "./pattern_syntax.ts";

/** What an instruction does. */
export const Op = {
  /** The end of a match. */
  match: 0,
  /** Takes a character of the set `a`, goes to `b`. */
  take: 1,
  /** As `take`, the one before. */
  takeBack: 2,
  /** Tries `a`, then `b`; is the `c`th of its kind. */
  split: 3,
  /** Goes to `b` where the program at `a` finds something. */
  look: 4,
  /** Goes to `b` where it finds nothing. */
  lookNot: 5,
  /** Goes to `b` at the edge `a`. */
  edge: 6,
} as const;

/** Edges by number. */
export const EDGES = ["start", "end", "word", "no word", "line start", "line end"] as const;

/** Instructions: each has what it does and three numbers. */
export interface PatternProgram {
  /** What each state does. */
  readonly ops: Uint8Array;
  /** As `Op` says. */
  readonly a: Int32Array;
  /** As `Op` says. */
  readonly b: Int32Array;
  /** As `Op` says. */
  readonly c: Int32Array;
  /** Where it begins. */
  readonly start: number;
  /** How many states split. */
  readonly splits: number;
  /** Sets of characters. */
  readonly sets: readonly CharacterSet[];
}

const MOST = 2000; // states: a text takes at most so many steps a character
const LONGEST = 16_384; // characters

/**
 * Compiles a pattern.
 *
 * @param source A regular expression that JavaScript takes with the flag u.
 * @throws {PatternError} If it refers to a group, repeats what may be empty, or is too large.
 */
export function compilePattern(source: string): PatternProgram {
  if (source.length > LONGEST) throw new PatternError(`${source.length} characters`);
  return new Compiler().program(parsePattern(source));
}

class Compiler {
  readonly #rows: [op: number, a: number, b: number, c: number][] = [[Op.match, 0, 0, 0]];
  readonly #sets = new Map<string, number>();
  readonly #made: CharacterSet[] = [];
  #splits = 0;

  program(node: PatternNode): PatternProgram {
    const start = this.#state(node, 0, false);
    const column = (i: number) => Int32Array.from(this.#rows, (row) => row[i]);
    return {
      ops: Uint8Array.from(this.#rows, ([op]) => op),
      ...{ a: column(1), b: column(2), c: column(3), start },
      splits: this.#splits,
      sets: this.#made,
    };
  }

  #add(op: number, a: number, b: number, c = 0): number {
    if (this.#rows.length >= MOST) throw new PatternError(`more than ${MOST} parts`);
    return this.#rows.push([op, a, b, c]) - 1;
  }

  #split(a: number, b: number): number {
    return this.#add(Op.split, a, b, this.#splits++);
  }

  /** The state at which a node begins that goes on to `next`; `back` where it is read from its end. */
  #state(node: PatternNode, next: number, back: boolean): number {
    switch (node.kind) {
      case "character":
        return this.#add(back ? Op.takeBack : Op.take, this.#set(node), next);
      case "sequence": {
        const parts = back ? node.parts : node.parts.toReversed();
        return parts.reduce((state, part) => this.#state(part, state, back), next);
      }
      case "choice": {
        const states = node.options.map((option) => this.#state(option, next, back));
        return states.reduceRight((rest, state) => this.#split(state, rest));
      }
      case "look": {
        const inner = this.#state(node.body, 0, node.behind);
        return this.#add(node.negative ? Op.lookNot : Op.look, inner, next);
      }
      case "edge": {
        const edge = node.lines && !node.edge.includes("word") ? `line ${node.edge}` : node.edge;
        return this.#add(Op.edge, EDGES.findIndex((name) => name === edge), next);
      }
      case "repeat":
        return this.#repeat(node, next, back);
    }
  }

  #repeat(node: PatternNode & { kind: "repeat" }, next: number, back: boolean): number {
    const { body, least, most, greedy } = node;
    const isOnce = least === 1 && most === 1;
    if (!isOnce && most > 0 && isNullable(body)) {
      throw new PatternError(`${node.source}, which repeats what may be empty`);
    }
    const fork = (into: number, past: number) =>
      greedy ? this.#split(into, past) : this.#split(past, into);
    let state = next;
    if (most === Infinity) {
      const loop = fork(0, next);
      this.#rows[loop][greedy ? 1 : 2] = this.#state(body, loop, back);
      state = loop;
    } else {
      for (let i = least; i < most; i++) state = fork(this.#state(body, state, back), next);
    }
    for (let i = 0; i < least; i++) state = this.#state(body, state, back);
    return state;
  }

  #set({ source, flags }: PatternNode & { kind: "character" }): number {
    const key = `${flags}/${source}`;
    const known = this.#sets.get(key);
    if (known !== undefined) return known;
    const made = this.#made.push(new CharacterSet(source, flags)) - 1;
    this.#sets.set(key, made);
    return made;
  }
}

/** Whether it can match the empty text. */
function isNullable(node: PatternNode): boolean {
  switch (node.kind) {
    case "character":
      return false;
    case "sequence":
      return node.parts.every(isNullable);
    case "choice":
      return node.options.some(isNullable);
    case "repeat":
      return node.least === 0 || isNullable(node.body);
    case "look":
    case "edge":
      return true;
  }
}
