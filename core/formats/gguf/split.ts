// A GGUF file that llama-gguf-split cut in parts, as one: the metadata of the first part, the tensors of all. Any part
// leads to the others by its name.
import { quote } from "../../base/quote.ts";
import type { RandomAccessFile } from "../../base/random_access.ts";
import { type GgufHeader, readGgufHeader } from "./header.ts";
import { cannotRead, type Mistake } from "../../base/mistake.ts";

/** Opens a file beside the one that was named; undefined where there is none. */
export type OpenBeside = (fileName: string) => Promise<RandomAccessFile | undefined>;

/** A whole GGUF file, in one part or several. */
export interface GgufParts {
  /** What the first part says, with the tensors of all. */
  readonly header: GgufHeader;
  /** Each part, the first one first; owned. */
  readonly files: readonly RandomAccessFile[];
  /** The part that a tensor lies in. */
  fileOf(tensor: string): RandomAccessFile;
}

const NAME = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/i;

/** What the name of a part says: `model-00002-of-00003.gguf` is the second of three. */
export interface PartName {
  /** What stands before the numbers. */
  readonly prefix: string;
  /** From 1. */
  readonly part: number;
  /** Parts in all. */
  readonly parts: number;
}

/** Reads a part's file name, without its folder; undefined for one that is no part's. */
export function parsePartName(fileName: string): PartName | undefined {
  const [, prefix, part, parts] = NAME.exec(fileName) ?? [];
  if (prefix === undefined || Number(part) < 1 || Number(part) > Number(parts)) return undefined;
  return { prefix, part: Number(part), parts: Number(parts) };
}

/** The file names of all parts. */
export function partNames({ prefix, parts }: PartName): string[] {
  const digits = (n: number) => String(n).padStart(5, "0");
  return Array.from(
    { length: parts },
    (_, i) => `${prefix}-${digits(i + 1)}-of-${digits(parts)}.gguf`,
  );
}

/**
 * Reads a GGUF file's header, and with it those of its other parts, where it has some.
 *
 * @param file Owned from here on, and so are the parts: an error here closes them.
 * @param beside Opens the other parts; without it a file in parts is refused.
 * @throws {Mistake} If a part is missing or another file's, or the tensors are not as many as they say.
 */
export async function readGgufParts(
  file: RandomAccessFile,
  beside?: OpenBeside,
): Promise<GgufParts> {
  using open = new DisposableStack();
  open.use(file);
  const named = await readGgufHeader(file);
  const count = splitNumber(file, named, "split.count") ?? 1;
  if (count <= 1) {
    open.move();
    return { header: named, files: [file], fileOf: () => file };
  }
  const names = namesOf(file, named, count);
  const parts: { file: RandomAccessFile; header: GgufHeader }[] = [];
  const missing: string[] = [];
  for (const [i, name] of names.entries()) {
    if (i === splitNumber(file, named, "split.no")) {
      parts.push({ file, header: named });
      continue;
    }
    const part = await beside?.(name);
    if (missing.length > 8) break; // enough to name
    if (part === undefined) missing.push(name);
    else parts.push({ file: open.use(part), header: await readGgufHeader(part) });
  }
  if (missing.length > 0) {
    const some = missing.slice(0, 8).map(quote).join(", ") + (missing.length > 8 ? ", …" : "");
    throw mistake(
      file,
      `it is part ${(splitNumber(file, named, "split.no") ?? 0) + 1} of ${count} and ` +
        `${some} ${missing.length === 1 ? "is" : "are"} missing`,
      "all parts beside it. Fetch them, or join the parts with `llama-gguf-split --merge`",
    );
  }
  const homes = new Map<string, RandomAccessFile>();
  const tensors = new Map<
    string,
    GgufHeader["tensors"] extends ReadonlyMap<string, infer T> ? T : never
  >();
  for (const [i, part] of parts.entries()) {
    const [no, of] = ["split.no", "split.count"].map((key) =>
      splitNumber(part.file, part.header, key)
    );
    if (no !== i || of !== count) {
      const said = no === undefined || of === undefined ? "no part" : `part ${no + 1} of ${of}`;
      throw mistake(part.file, `it is ${said}`, `part ${i + 1} of ${count}, as its name says`);
    }
    for (const [name, tensor] of part.header.tensors) {
      if (homes.has(name)) {
        throw mistake(
          part.file,
          `tensor ${quote(name)} is in another part too`,
          "each tensor once",
        );
      }
      homes.set(name, part.file);
      tensors.set(name, tensor);
    }
  }
  const [first] = parts;
  const wanted = splitNumber(first.file, first.header, "split.tensors.count");
  if (wanted !== undefined && wanted !== tensors.size) {
    throw mistake(
      first.file,
      `its ${count} parts have ${tensors.size} tensors`,
      `${wanted}, as split.tensors.count says. Fetch the parts again`,
    );
  }
  open.move();
  return {
    header: { ...first.header, tensors },
    files: parts.map((part) => part.file),
    fileOf: (tensor) => homes.get(tensor) ?? first.file,
  };
}

function namesOf(file: RandomAccessFile, header: GgufHeader, count: number): string[] {
  const no = splitNumber(file, header, "split.no");
  const fileName = file.name.slice(file.name.lastIndexOf("/") + 1);
  const name = parsePartName(fileName);
  if (no === undefined || no >= count) {
    throw mistake(file, `split.no is ${no ?? "missing"}`, `below split.count ${count}`);
  }
  if (name?.part === no + 1 && name.parts === count) return partNames(name);
  const [wanted] = partNames({ prefix: "NAME", part: 1, parts: count }).slice(no);
  throw mistake(
    file,
    `it is part ${no + 1} of ${count} and its name is ${quote(fileName)}`,
    `${
      wanted ?? "NAME"
    }. Give the parts their names, or join them with \`llama-gguf-split --merge\``,
  );
}

function splitNumber(file: RandomAccessFile, header: GgufHeader, key: string): number | undefined {
  const value = header.metadata.get(key);
  if (value === undefined) return undefined;
  const most = key === "split.tensors.count" ? Number.MAX_SAFE_INTEGER : 99_999;
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= most) {
    return value;
  }
  throw mistake(file, `${key} is ${typeof value === "number" ? value : "no number"}`, "a count");
}

function mistake({ name }: RandomAccessFile, what: string, expected: string): Mistake {
  return cannotRead(name, { found: what, expected });
}
