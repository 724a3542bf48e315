// Text of strangers for a terminal: what it would obey, or could not show, stands there as the escape of its name.

/** Controls, what turns the direction of writing, and what has no shape; a newline and a tab are text. */
const HIDDEN =
  /(?![\n\t\u034f\u17b4\u17b5\u180b-\u180d\u180f\ufe00-\ufe0f\u{e0100}-\u{e01ef}])[\p{Cc}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\ufff9-\ufffb]/gu;

/** What most text is made of. */
const PLAIN = /^[\n\t -~]*$/;

/** Behind what a joiner (U+200C, U+200D) is spelling, and hides nothing: pictures, and scripts whose letters join. */
const JOINING =
  /[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f\p{Script=Arabic}\p{Script=Syriac}\p{Script=Mongolian}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gurmukhi}\p{Script=Gujarati}\p{Script=Oriya}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}\p{Script=Khmer}\p{Script=Myanmar}]/u;

/**
 * Text of several lines as a terminal may have it: each hidden character as in JSON (`\u001b`), all else as it is.
 *
 * @param text What a model, a file or a hub says.
 * @param before What the terminal has of the same text already, where it comes in pieces; its end is enough.
 */
export function visible(text: string, before = ""): string {
  if (PLAIN.test(text)) return text;
  return text.replace(HIDDEN, (hidden, at: number) => {
    const isJoiner = hidden === "\u200c" || hidden === "\u200d";
    const [last = ""] = Array.from(at > 0 ? text.slice(Math.max(0, at - 2), at) : before).slice(-1);
    return isJoiner && JOINING.test(last) ? hidden : escaped(hidden);
  });
}

/** Text for one line: newlines and tabs are escaped too. */
export function visibleLine(text: string): string {
  return visible(text).replace(/[\n\t]/g, escaped);
}

const SHORT: Readonly<Record<string, string>> = {
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

function escaped(character: string): string {
  const units = character.split("");
  return SHORT[character] ??
    units.map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");
}
