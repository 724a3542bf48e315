// What a JSON text may hold before it is parsed. JSON.parse takes up to a hundred times the bytes of its text, so the
// depth and the number of values are counted first, byte by byte, in no memory.
import { cannotRead } from "./mistake.ts";

/** How large a JSON text may be. */
export interface JsonBounds {
  /** Objects and lists within each other. */
  readonly depth: number;
  /** Objects, lists and what they hold. */
  readonly values: number;
  /** Keys of objects, each of which takes far more memory than a value in a list; default as `values`. */
  readonly keys?: number;
}

/** Configs, lists of files, and headers of weights, where a matrix is 12 values: 83,000 matrices in a file. */
export const CONFIG_BOUNDS: JsonBounds = { depth: 64, values: 1_000_000 };
/** Vocabularies. Gemma 3's tokenizer.json, with 262,144 tokens and 514,906 merges, has about 2,300,000. */
export const TOKENIZER_BOUNDS: JsonBounds = { depth: 64, values: 3_000_000, keys: 600_000 };
/** A JSON file of rows. */
export const ROWS_BOUNDS: JsonBounds = { depth: 512, values: 2_500_000 };
/** A row that stands alone. */
export const ROW_BOUNDS: JsonBounds = { depth: 512, values: 1_000_000 };

/**
 * Throws a Mistake if a JSON text is too deep or has too many values to be parsed. What is not JSON may pass.
 *
 * @param bytes The text in UTF-8.
 * @param name What errors call the file.
 * @param part What errors call the text: "the header", "line 3".
 * @param bounds What it may hold.
 * @param fix What to do about it.
 */
export function refuseHugeJson(
  bytes: Uint8Array,
  name: string,
  part: string,
  { depth: deepest, values: most, keys: mostKeys = most }: JsonBounds,
  fix = "Remove what does not belong there",
): void {
  let depth = 0, values = 0, keys = 0;
  for (let i = 0; i < bytes.length; i++) {
    switch (bytes[i]) {
      case 0x22: // a string, to its end
        for (i++; i < bytes.length && bytes[i] !== 0x22; i++) if (bytes[i] === 0x5c) i++;
        break;
      case 0x5b: // [
      case 0x7b: // {
        values++;
        if (++depth > deepest) {
          throw cannotRead(name, {
            found: `${part} is nested over ${deepest} deep`,
            expected: `at most ${deepest} objects and lists within each other`,
            fix,
          });
        }
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth--;
        break;
      case 0x2c: // ,
        values++;
        break;
      case 0x3a: // :
        values++;
        if (++keys > mostKeys) {
          throw cannotRead(name, {
            found: `${part} has over ${mostKeys} keys`,
            expected: `at most ${mostKeys}`,
            fix,
          });
        }
        break;
    }
    if (values > most) {
      throw cannotRead(name, {
        found: `${part} has over ${most} values`,
        expected: `at most ${most}`,
        fix,
      });
    }
  }
}
