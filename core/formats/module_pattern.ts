// Keys of PEFT's rank_pattern and alpha_pattern: names of modules, or regular expressions without groups. They are
// matched by the set of places in the pattern where one can be, so that no file's pattern takes for ever.

/** One character of a pattern. */
interface Element {
  readonly fits: (c: string) => boolean;
  /** Whether it may be left out. */
  readonly skip: boolean;
  /** Whether it may stand again. */
  readonly again: boolean;
}

/** Whether a module's name, or its ending after a dot, is what a key means. */
export type ModulePattern = (module: string) => boolean;

const NAME = /^\^?(\w|\\?\.|-)+\$?$/;
const TOKEN = /\\[.d_-]|[\w-]|\.|\[\^?(?:[\w.]-[\w.]|[\w.])+\]/y;

/**
 * Reads a key as PEFT does: `(.*\.)?(key)$`.
 *
 * @param key A name, or a pattern of letters, `.`, `\d`, `[…]`, each with `*`, `+` or `?`, and `|`.
 * @returns undefined for other patterns.
 */
export function modulePattern(key: string): ModulePattern | undefined {
  if (NAME.test(key)) {
    const name = key.replace(/^\^|\$$/g, "").replaceAll("\\.", ".");
    return (module) => module === name || (!key.startsWith("^") && module.endsWith(`.${name}`));
  }
  const choices = key.split("|").map(readChoice);
  if (choices.includes(undefined)) return undefined;
  return (module) => choices.some((choice) => matches(choice!, module));
}

interface Choice {
  readonly elements: readonly Element[];
  /** Whether it begins where the name does, not after a dot. */
  readonly whole: boolean;
}

function readChoice(text: string): Choice | undefined {
  const body = text.replace(/^\^/, "").replace(/\$$/, "");
  const elements: Element[] = [];
  for (let at = 0; at < body.length;) {
    TOKEN.lastIndex = at;
    const [token] = TOKEN.exec(body) ?? [];
    if (token === undefined) return undefined;
    at += token.length;
    const count = /[*+?]/.test(body[at] ?? "") ? body[at++] : "";
    elements.push({
      fits: fitsOf(token),
      skip: count === "*" || count === "?",
      again: count === "*" || count === "+",
    });
  }
  return elements.length === 0 ? undefined : { elements, whole: text.startsWith("^") };
}

function fitsOf(token: string): (c: string) => boolean {
  if (token === ".") return () => true;
  if (token === "\\d") return (c) => c >= "0" && c <= "9";
  if (token.length > 1 && token[0] === "[") {
    const set = new RegExp(`^${token}$`); // one character: it cannot take long
    return (c) => set.test(c);
  }
  return (c) => c === token.at(-1);
}

function matches({ elements, whole }: Choice, module: string): boolean {
  let places = new Set<number>();
  const enter = (place: number): void => {
    while (!places.has(place)) {
      places.add(place);
      if (place === elements.length || !elements[place].skip) return;
      place++;
    }
  };
  enter(0);
  for (let i = 0; i < module.length; i++) {
    const before = places;
    places = new Set();
    for (const place of before) {
      if (place === elements.length || !elements[place].fits(module[i])) continue;
      if (elements[place].again) enter(place);
      enter(place + 1);
    }
    if (!whole && module[i] === ".") enter(0);
  }
  return places.has(elements.length);
}
