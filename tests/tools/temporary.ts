/** A folder of given files for one test, gone at its end. */

/** The folder; `using` removes it. */
export interface TemporaryTree extends Disposable {
  /** Absolute, links resolved. */
  root: string;
}

/**
 * Writes files into a new folder.
 *
 * @param files Contents by path.
 */
export function temporaryTree(files: Record<string, string>): TemporaryTree {
  const root = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "leash-test-" }));
  for (const [path, text] of Object.entries(files)) {
    const file = `${root}/${path}`;
    Deno.mkdirSync(file.slice(0, file.lastIndexOf("/")), { recursive: true });
    Deno.writeTextFileSync(file, text);
  }
  return { root, [Symbol.dispose]: () => Deno.removeSync(root, { recursive: true }) };
}
