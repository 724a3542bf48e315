// Small steps on paths that every inspection takes.
import { bare } from "../../core/base/quote.ts";
import { readSmallFile } from "../../files/small_file.ts";
import { cannotRead } from "../../core/base/mistake.ts";

/** The folder that a file lies in; "" where it is named alone. */
export function folderOf(path: string): string {
  const at = path.lastIndexOf("/");
  return at < 0 ? "" : path.slice(0, at) || "/";
}

/** The last part of a path. */
export function nameOf(path: string): string {
  return path.replace(/\/+$/, "").split("/").at(-1)!;
}

/** A file beside another. */
export function beside(path: string, name: string): string {
  const folder = folderOf(path);
  return folder === "" ? name : folder === "/" ? `/${name}` : `${folder}/${name}`;
}

/** Bytes of a file. */
export async function fileBytes(path: string): Promise<number> {
  return (await Deno.stat(path)).size;
}

/**
 * A file that is read whole.
 *
 * @throws {Mistake} If it is not there.
 * @throws {Mistake} If it is larger than a file of that name may be.
 */
export async function bytesOf(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await readSmallFile(path);
  if (bytes !== undefined) return bytes;
  throw cannotRead(bare(path), { found: "it is not there", expected: "a file" });
}

/** The first bytes of a file. */
export async function headOf(path: string, most = 64): Promise<Uint8Array> {
  using file = await Deno.open(path, { read: true });
  const head = new Uint8Array(most);
  let length = 0;
  for (let n; length < most && (n = await file.read(head.subarray(length))) !== null;) length += n;
  return head.subarray(0, length);
}
