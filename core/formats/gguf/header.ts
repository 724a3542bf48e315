// The front of a GGUF file, version 2 or 3, read strictly: counts, metadata, tensor infos. Every count and length is
// held against the file's size, and against a fixed bound, before anything is made of it.
import { refuseWrongDownload } from "../../base/json_object.ts";
import { quote, show } from "../../base/quote.ts";
import type { RandomAccessFile } from "../../base/random_access.ts";
import { HeaderCursor } from "./cursor.ts";
import { checkPlaces, type GgufTensor, readTensorInfo } from "./tensor_infos.ts";

/** Numbers of a metadata array; 64-bit ones have become f64, all exact. */
export type GgufNumbers =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

/** A metadata value. A 64-bit number that f64 cannot hold is a bigint; arrays nest at most once. */
export type GgufValue =
  | number
  | bigint
  | boolean
  | string
  | string[]
  | boolean[]
  | GgufNumbers
  | (string[] | boolean[] | GgufNumbers)[];

/** What a GGUF file says of itself. */
export interface GgufHeader {
  /** 2 or 3. */
  readonly version: number;
  /** Key-value pairs in the file's order. */
  readonly metadata: ReadonlyMap<string, GgufValue>;
  /** Tensors by name in the file's order. */
  readonly tensors: ReadonlyMap<string, GgufTensor>;
  /** Bytes to which tensors are aligned. */
  readonly alignment: number;
  /** Where the tensors' bytes begin. */
  readonly dataOffset: number;
}

const SCALARS = ["u8", "i8", "u16", "i16", "u32", "i32", "f32", "bool"] as const;
const STRING = 8, ARRAY = 9, U64 = 10, I64 = 11, F64 = 12;
/** Bytes that a value of each type takes at least. */
const LEAST = [1, 1, 2, 2, 4, 4, 4, 1, 8, 12, 8, 8, 8];
// Bounds that no real file comes near, so that a forged one costs little memory: real ones have at most about fifty
// pairs, some thousand tensors, half a million strings.
const MOST_PAIRS = 65_536, MOST_TENSORS = 131_072, MOST_STRINGS = 4_194_304, MOST_OBJECTS = 65_536;
const MOST_ALIGNMENT = 1 << 20;

/**
 * Reads what a GGUF file says of itself, without its tensors' numbers.
 *
 * @example
 * ```ts
 * import { encodeGguf, fileOfBytes, readGgufHeader } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const bytes = encodeGguf([["general.architecture", "string", "llama"]], []);
 * const { version, metadata } = await readGgufHeader(fileOfBytes(bytes, "empty.gguf"));
 * assertEquals([version, metadata.get("general.architecture")], [3, "llama"]);
 * ```
 *
 * @param file Borrowed.
 * @throws {TypeError} If the file is not GGUF version 2 or 3, is cut, or breaks a rule of the format.
 * @see https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */
export async function readGgufHeader(file: RandomAccessFile): Promise<GgufHeader> {
  const cursor = new HeaderCursor(file);
  const version = await readVersion(file, cursor);
  await cursor.need(16, "the counts");
  const tensorCount = countOf(cursor, "tensor count", 24, MOST_TENSORS);
  const pairCount = countOf(cursor, "metadata count", 13, MOST_PAIRS);
  const metadata = new Map<string, GgufValue>();
  const budget = { strings: MOST_STRINGS, objects: MOST_OBJECTS };
  for (let i = 0; i < pairCount; i++) {
    const key = await cursor.name(`metadata key ${i}`, 65_535);
    if (metadata.has(key)) {
      throw cursor.mistake(`metadata key ${quote(key)} stands twice`, "each key once");
    }
    await cursor.need(4, quote(key));
    const type = cursor.u32();
    metadata.set(key, await readValue(cursor, type, quote(key), budget));
  }
  const alignment = alignmentOf(cursor, metadata.get("general.alignment"));
  const found: GgufTensor[] = [];
  const names = new Set<string>();
  for (let i = 0; i < tensorCount; i++) {
    const tensor = await readTensorInfo(cursor, i);
    if (names.has(tensor.name)) {
      throw cursor.mistake(`tensor ${quote(tensor.name)} stands twice`, "each name once");
    }
    names.add(tensor.name);
    found.push(tensor);
  }
  const dataOffset = Math.ceil(cursor.position / alignment) * alignment;
  const placed = found.map((tensor) => ({ ...tensor, offset: dataOffset + tensor.offset }));
  checkPlaces(cursor, placed, dataOffset, alignment);
  const tensors = new Map(placed.map((tensor) => [tensor.name, tensor]));
  return { version, metadata, tensors, alignment, dataOffset };
}

async function readVersion(file: RandomAccessFile, cursor: HeaderCursor): Promise<number> {
  const start = await file.read(0, Math.min(file.size, 64));
  refuseWrongDownload(start, file.name, "a GGUF file");
  const found = otherFormat(start);
  if (found !== undefined) throw cursor.mistake(found, 'one that begins with "GGUF"');
  await cursor.need(8, "the version");
  cursor.u32(); // the magic
  const version = cursor.u32();
  if (version === 2 || version === 3) return version;
  if ((version & 0xffff) === 0 && version !== 0) {
    throw cursor.mistake(
      "it is big-endian",
      "little-endian. Convert it again with a current llama.cpp",
    );
  }
  throw cursor.mistake(
    `it is GGUF version ${version}`,
    "version 2 or 3. Convert it again with a current llama.cpp",
  );
}

/** What the file is instead of GGUF, by its first bytes. */
function otherFormat(start: Uint8Array): string | undefined {
  const [a, b] = start;
  const magic = new TextDecoder("latin1").decode(start.slice(0, 4));
  if (magic === "GGUF") return undefined;
  if (magic === "FUGG") return "it is big-endian GGUF";
  if (a === 0x50 && b === 0x4b) return "it is a ZIP archive (a PyTorch checkpoint or a wheel)";
  if (a === 0x80 && b >= 2 && b <= 5) return "it is a Python pickle, which is never run";
  if (start[8] === 0x7b && start[6] === 0 && start[7] === 0) return "it is a safetensors file";
  if (["lmgg", "tjgg", "fmgg", "algg"].includes(magic)) return "it is a GGML file older than GGUF";
  return `its first bytes are ${quote(magic)}`;
}

function countOf(cursor: HeaderCursor, what: string, least: number, most: number): number {
  const count = cursor.u64();
  const fit = Math.min(most, Math.floor((cursor.file.size - cursor.position) / least));
  if (count <= fit) return Number(count);
  throw cursor.mistake(
    `the ${what} is ${count}`,
    `at most ${fit} in a file of ${cursor.file.size} bytes. The file is damaged: fetch it again`,
  );
}

interface Budget {
  strings: number;
  objects: number;
}

async function readValue(
  cursor: HeaderCursor,
  type: number,
  what: string,
  budget: Budget,
): Promise<GgufValue> {
  if (type === STRING) return await readString(cursor, what, budget);
  if (type === ARRAY) return await readArray(cursor, what, budget, 0);
  if (type > F64) throw unknownType(cursor, what, type);
  await cursor.need(LEAST[type], what);
  if (type === U64 || type === I64) return exact(type === U64 ? cursor.u64() : cursor.i64());
  if (type === F64) return cursor.f64();
  const kind = SCALARS[type];
  return kind === "bool" ? truth(cursor, what) : cursor[kind]();
}

async function readString(cursor: HeaderCursor, what: string, budget: Budget): Promise<string> {
  spend(cursor, budget, "strings", 1, what);
  if (!cursor.has(8)) await cursor.need(8, what);
  const length = cursor.u64();
  if (length > cursor.left) {
    throw cursor.mistake(
      `a string of ${what} is ${length} bytes long`,
      `at most the ${cursor.left} that are left. The download was cut: fetch the file again`,
    );
  }
  if (!cursor.has(Number(length))) await cursor.need(Number(length), what);
  return cursor.text(Number(length), what);
}

async function readArray(
  cursor: HeaderCursor,
  what: string,
  budget: Budget,
  depth: number,
): Promise<string[] | boolean[] | GgufNumbers | (string[] | boolean[] | GgufNumbers)[]> {
  await cursor.need(12, what);
  const type = cursor.u32(), count = cursor.u64();
  if (type > F64) throw unknownType(cursor, `an array in ${what}`, type);
  if (type === ARRAY && depth > 0) {
    throw cursor.mistake(`${what} has arrays in arrays in arrays`, "arrays nested once");
  }
  const fit = Math.floor(cursor.left / LEAST[type]);
  if (count > fit) {
    throw cursor.mistake(
      `${what} counts ${count} elements`,
      `at most ${fit}, for ${cursor.left} bytes are left. The download was cut: fetch the file again`,
    );
  }
  const length = Number(count);
  if (type === ARRAY) {
    spend(cursor, budget, "objects", length, what);
    const list: (string[] | boolean[] | GgufNumbers)[] = [];
    for (let i = 0; i < length; i++) {
      list.push(await readArray(cursor, what, budget, 1) as string[] | boolean[] | GgufNumbers);
    }
    return list;
  }
  if (type === STRING) {
    const list: string[] = [];
    for (let i = 0; i < length; i++) list.push(await readString(cursor, what, budget));
    return list;
  }
  if (type === 7) {
    spend(cursor, budget, "strings", length, what);
    await cursor.need(length, what);
    return Array.from({ length }, () => truth(cursor, what));
  }
  await cursor.need(length * LEAST[type], what);
  return readNumbers(cursor, type, length, what);
}

function readNumbers(
  cursor: HeaderCursor,
  type: number,
  length: number,
  what: string,
): GgufNumbers {
  if (type === U64 || type === I64) {
    const list = new Float64Array(length);
    for (let i = 0; i < length; i++) {
      const value = exact(type === U64 ? cursor.u64() : cursor.i64());
      if (typeof value === "bigint") {
        throw cursor.mistake(`${what}[${i}] is ${value}`, "at most 2^53");
      }
      list[i] = value;
    }
    return list;
  }
  const { buffer } = cursor.bytes(length * LEAST[type]);
  if (type === 0) return new Uint8Array(buffer);
  if (type === 1) return new Int8Array(buffer);
  if (type === 2) return new Uint16Array(buffer);
  if (type === 3) return new Int16Array(buffer);
  if (type === 4) return new Uint32Array(buffer);
  if (type === 5) return new Int32Array(buffer);
  return type === 6 ? new Float32Array(buffer) : new Float64Array(buffer);
}

function alignmentOf(cursor: HeaderCursor, value: GgufValue | undefined): number {
  if (value === undefined) return 32;
  const fine = typeof value === "number" && value >= 1 && value <= MOST_ALIGNMENT &&
    Number.isInteger(Math.log2(value));
  if (fine) return value;
  const found = typeof value === "bigint" ? String(value) : show(value);
  throw cursor.mistake(`general.alignment is ${found}`, `a power of two up to ${MOST_ALIGNMENT}`);
}

function truth(cursor: HeaderCursor, what: string): boolean {
  const byte = cursor.u8();
  if (byte <= 1) return byte === 1;
  throw cursor.mistake(`a boolean of ${what} is ${byte}`, "0 or 1");
}

function exact(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function spend(
  cursor: HeaderCursor,
  budget: Budget,
  what: "strings" | "objects",
  count: number,
  where: string,
): void {
  budget[what] -= count;
  if (budget[what] >= 0) return;
  const most = what === "strings" ? MOST_STRINGS : MOST_OBJECTS;
  const named = what === "strings" ? "strings and booleans" : "arrays in arrays";
  throw cursor.mistake(
    `the metadata has more than ${most} ${named} at ${where}`,
    `at most ${most}`,
  );
}

function unknownType(cursor: HeaderCursor, what: string, type: number): TypeError {
  return cursor.mistake(`the type of ${what} is ${type}`, `0 to ${F64}`);
}
