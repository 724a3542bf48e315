// What is fuzzed: a parser, small whole files to begin from, and the changes that suit its format.
import type { Mutator } from "./mutate_bytes.ts";

/** One file of those that a parser takes. */
export interface Input {
  /** Its name: which of the parser's files it is. */
  readonly file: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A parser and how to feed it. */
export interface Target {
  /** What `--parser` calls it. */
  readonly name: string;
  /** Whole files that it takes. */
  seeds(): Promise<Input[]>;
  /** Changes that keep the format of a file mostly whole; those of bytes come on top. */
  readonly mutators: (file: string) => readonly Mutator[];
  /** Reads all of the file, the parser's other files being whole. `work` is a folder to write to. */
  parse(input: Input, work: string): Promise<void>;
}
