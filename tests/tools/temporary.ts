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
  return { root, [Symbol.dispose]: () => removeTree(root) };
}

/** Removes a folder; a worker that was stopped may still put its last file there, so a few times. */
function removeTree(root: string): void {
  for (let left = 20;; left--) {
    try {
      return Deno.removeSync(root, { recursive: true });
    } catch (error) {
      if (left === 0 || error instanceof Deno.errors.NotFound) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
    }
  }
}
