// Merges of a sentencepiece BPE vocabulary, which a GGUF file leaves out: a piece's score says when it is made, and every
// way to cut it into two pieces is a merge. The order is that of the tokenizer.json files that Hugging Face's converter
// made: between cuts of one piece it decides which of two ids runs of spaces get.

/** How pieces and their cuts are ordered. */
export interface MergeOrder {
  /** The score of a piece by its id: higher is merged earlier. */
  readonly score: (id: number) => number;
  /** Among equal scores: pieces by id and cuts by the ids of their halves (Llama's files), or long halves first (Gemma's). */
  readonly ties: "ids" | "lengths";
  /** Pieces that are in no merge, by id. */
  readonly skip?: (id: number) => boolean;
}

// A forged vocabulary is given up beyond this; Gemma's 262,144 pieces have two million characters, and the squares of
// their lengths, which cutting copies, add up to 20 million.
const MOST_CHARACTERS = 1 << 22, MOST_SQUARES = 1 << 28;

/**
 * All merges, the earliest first; nothing where there is so much to cut that it would take minutes.
 *
 * @param pieces By id.
 */
export function sentencepieceMerges(
  pieces: readonly string[],
  { score, ties, skip = () => false }: MergeOrder,
): [left: string, right: string][] | undefined {
  const ids = new Map<string, number>();
  let characters = 0, squares = 0;
  for (const [id, piece] of pieces.entries()) {
    if (!ids.has(piece)) ids.set(piece, id);
    if (skip(id)) continue;
    characters += piece.length;
    squares += piece.length ** 2;
  }
  if (characters > MOST_CHARACTERS || squares > MOST_SQUARES) return undefined;
  const order = pieces.map((_, id) => id).filter((id) => !skip(id));
  const scores = Float64Array.from(pieces, (_, id) => score(id));
  order.sort((a, b) => scores[b] - scores[a]); // stable: equal scores stay in order of their ids
  const merges: [string, string][] = [];
  let group: Cut[] = []; // of one score
  const finish = () => {
    if (ties === "lengths") group.sort((a, b) => b.left - a.left || b.right - a.right);
    for (const { pair } of group) merges.push(pair);
    group = [];
  };
  for (const [place, id] of order.entries()) {
    if (place > 0 && scores[id] !== scores[order[place - 1]]) finish();
    for (const cut of cuts(pieces[id], ids)) group.push(cut);
  }
  finish();
  return merges;
}

interface Cut {
  readonly pair: [string, string];
  /** Ids of the halves. */
  readonly leftId: number;
  readonly rightId: number;
  /** Characters of the halves. */
  readonly left: number;
  readonly right: number;
}

/** The ways to cut a piece into two, by the ids of the halves. */
function cuts(piece: string, ids: ReadonlyMap<string, number>): Cut[] {
  const found: Cut[] = [];
  const length = lengthOf(piece);
  // A half of a surrogate pair is no piece: the file's text is UTF-8.
  for (let at = 1; at < piece.length; at++) {
    const left = piece.slice(0, at), leftId = ids.get(left);
    if (leftId === undefined) continue;
    const right = piece.slice(at), rightId = ids.get(right);
    if (rightId === undefined) continue;
    const before = length === piece.length ? at : lengthOf(left);
    found.push({ pair: [left, right], leftId, rightId, left: before, right: length - before });
  }
  return found.length < 2
    ? found
    : found.sort((a, b) => a.leftId - b.leftId || a.rightId - b.rightId);
}

/** Characters, a surrogate pair counting once. */
function lengthOf(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length; i++) if ((text.charCodeAt(i) & 0xfc00) === 0xdc00) length--;
  return length;
}
