// Change one byte in every file of a run that stopped in its middle, cut what a run appends to, and go on: what comes out
// is refused by the name of the file, or has the bits of a run that nobody touched. Nothing else may happen.
import type { TamperKind } from "./kinds.ts";

/** How much. */
export interface TamperOptions {
  /** Places in each file that are changed, one at a time. */
  readonly places: number;
  /** Places at which each appended file is cut. */
  readonly cuts: number;
  /** Of the places. */
  readonly seed: number;
}

/** What came of it. */
export interface TamperCounts {
  /** Bytes that were changed. */
  readonly changed: number;
  /** Files that were cut. */
  readonly cut: number;
  /** Refused, and the line names the file. */
  readonly refused: number;
  /** Every byte of the result as if nothing had been. */
  readonly identical: number;
  /** Everything else, a line each. */
  readonly otherwise: readonly string[];
}

/** A number in [0, 1) that follows from a seed and a place. */
function draw(seed: number, index: number): number {
  let x = (seed * 0x9e3779b1 + index * 0x85ebca6b) >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x45d9f3b) >>> 0;
  return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32;
}

/** Places spread over `size` bytes, one in each of `count` equal parts. */
export function placesOf(size: number, count: number, seed: number): number[] {
  return Array.from({ length: count }, (_, i) => Math.floor((i + draw(seed, i)) * size / count));
}

/** The bytes with another value at a place. */
export function withOther(
  bytes: Uint8Array<ArrayBuffer>,
  at: number,
  seed: number,
): Uint8Array<ArrayBuffer> {
  const other = bytes.slice();
  other[at] ^= 1 + Math.floor(255 * draw(seed, at + 1));
  return other;
}

/** Every file below a folder, by path. */
export function filesOf(dir: string, prefix = ""): string[] {
  return [...Deno.readDirSync(`${dir}/${prefix}`)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesOf(dir, `${prefix}${name}/`) : [prefix + name]
  ).sort();
}

/** Makes a folder with these files and no others. */
function restore(dir: string, files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>): void {
  Deno.removeSync(dir, { recursive: true });
  for (const [path, bytes] of files) {
    Deno.mkdirSync(`${dir}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
    Deno.writeFileSync(`${dir}/${path}`, bytes);
  }
}

/** Tampers with one kind of run. */
export async function tamper(
  kind: TamperKind,
  { places, cuts, seed }: TamperOptions,
  progress: (text: string) => void = () => {},
): Promise<TamperCounts> {
  const stopped = new Map(
    filesOf(kind.dir).map((path) => [path, Deno.readFileSync(`${kind.dir}/${path}`)]),
  );
  const resume = async (path: string, bytes: Uint8Array<ArrayBuffer>) => {
    restore(kind.dir, new Map(stopped).set(path, bytes));
    return await kind.resume();
  };
  restore(kind.dir, stopped);
  const whole = await kind.resume();
  if (whole.code !== 0) {
    throw new Error(`Cannot tamper: the run does not go on (${whole.lines.at(-1)})`);
  }
  const wanted = kind.result();
  const isSame = () => {
    const found = kind.result();
    return found.size === wanted.size &&
      [...wanted].every(([path, text]) => found.get(path) === text);
  };
  const counts = { changed: 0, cut: 0, refused: 0, identical: 0, otherwise: [] as string[] };
  for (const [path, bytes] of stopped) {
    progress(`${kind.name} ${path}`);
    for (const [i, at] of placesOf(bytes.length, places, seed).entries()) {
      const { code, lines } = await resume(path, withOther(bytes, at, seed + i));
      counts.changed++;
      const line = lines.at(-1) ?? "";
      if (code !== 0 && line.startsWith("Cannot ") && line.includes(path)) counts.refused++;
      else if (code === 0 && isSame()) counts.identical++;
      else counts.otherwise.push(`${kind.name}: ${path} changed at byte ${at}: ${code} ${line}`);
    }
  }
  for (const path of kind.appended) {
    progress(`${kind.name} ${path}, cut`);
    const bytes = stopped.get(path)!;
    for (const at of placesOf(bytes.length, cuts, seed)) {
      const { code, lines } = await resume(path, bytes.subarray(0, at));
      counts.cut++;
      if (code === 0 && isSame()) counts.identical++;
      else {counts.otherwise.push(
          `${kind.name}: ${path} cut at byte ${at}: ${code} ${lines.at(-1)}`,
        );}
    }
  }
  return counts;
}
