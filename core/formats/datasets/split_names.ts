// Which split a data file is of, by the words in its name and in its folder's.

/** Words for a split in names of files and folders, and what it is called. */
const SPLITS: ReadonlyMap<string, string> = new Map([
  ...["train", "training"].map((word) => [word, "train"] as const),
  ...["test", "testing", "eval", "evaluation"].map((word) => [word, "test"] as const),
  ...["validation", "valid", "val", "dev"].map((word) => [word, "validation"] as const),
]);

/** What a split is called that someone names: `val` and `dev` mean "validation"; other words mean themselves. */
export function splitMeant(word: string): string {
  return SPLITS.get(word) ?? word;
}

/** The split in a file's name or in its folder's, "" if there is none; the one that is asked for comes first. */
export function splitOf(path: string, asked?: string): string {
  const words = path.split("/").slice(-2).reverse()
    .flatMap((part) => part.toLowerCase().split(/[^a-z0-9]+/));
  if (asked !== undefined && words.includes(asked.toLowerCase())) return splitMeant(asked);
  return SPLITS.get(words.find((word) => SPLITS.has(word)) ?? "") ?? "";
}
