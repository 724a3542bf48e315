// A GGUF file on this machine with the parts that lie beside it.
import { type GgufModel, openGguf, type OpenGgufOptions } from "../core/formats/gguf/open.ts";
import { parsePartName, partNames } from "../core/formats/gguf/split.ts";
import { openLocalFile } from "./local_file.ts";
import { statIfThere } from "./small_file.ts";

/**
 * Opens a GGUF file by its path. Of a file that llama-gguf-split cut, any part gives the whole.
 *
 * @example
 * ```ts
 * import { Mistake } from "@leash/bpo/core";
 * import { openGgufFile } from "@leash/bpo/files";
 * import { assertRejects } from "@std/assert";
 * await assertRejects(() => openGgufFile("none.gguf"), Mistake, "none.gguf: it is missing");
 * ```
 *
 * @param path Where it is.
 * @param options `allowNonFinite`: default false.
 * @throws {Mistake} As `openGguf`, or if a part is missing.
 */
export async function openGgufFile(
  path: string,
  options: Omit<OpenGgufOptions, "beside"> = {},
): Promise<GgufModel> {
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  return await openGguf(await openLocalFile(path), {
    ...options,
    beside: async (name) =>
      await statIfThere(folder + name) ? await openLocalFile(folder + name) : undefined,
  });
}

/** GGUF files by what they are: parts of one file count once, as the first of those that are there. */
export function wholeGgufs(fileNames: readonly string[]): string[] {
  const seen = new Set<string>();
  return fileNames.toSorted().filter((name) => {
    const part = parsePartName(name);
    const key = part ? partNames(part)[0] : name;
    return !seen.has(key) && seen.add(key);
  });
}
