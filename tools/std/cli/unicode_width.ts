/** How many columns a terminal gives to a string. */

/** Two columns: East Asian scripts and forms, and emoji shown as pictures. */
const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
/** One column all the same: halfwidth forms of those scripts. */
const HALF = /[\uff61-\uffdc]/u;
/** No column: marks on the letter before, joiners, control characters. */
const NONE = /[\p{Mn}\p{Me}\p{Cc}\u200b-\u200f\u2028\u2029\u202a-\u202e\u2060-\u2064\ufeff]/u;

/**
 * Counts the columns of `str`; escape codes are not taken out.
 *
 * @param str The text to measure.
 */
export function unicodeWidth(str: string): number {
  let width = 0;
  for (const char of str) {
    if (NONE.test(char)) continue;
    width += WIDE.test(char) && !HALF.test(char) ? 2 : 1;
  }
  return width;
}
