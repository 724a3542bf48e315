// The hub's name of a model whose folder lies in the hub's cache: what another machine finds the model by.

/** `models--org--name/snapshots/COMMIT`, as huggingface_hub lays its cache out. */
const SNAPSHOT = /[\\/]models--([^\\/]+?)(?:--([^\\/]+))?[\\/]snapshots[\\/][^\\/]+[\\/]?$/;

/**
 * What other programs are to find a base model by: its hub id where the folder is the cache's, else the folder.
 *
 * @param path Absolute.
 */
export function hubNameOf(path: string): string {
  const [, owner, name] = SNAPSHOT.exec(path) ?? [];
  if (owner === undefined) return path;
  return name === undefined ? owner : `${owner}/${name}`;
}
