// Safetensors files that are not what they say: each row is refused with one line, on opening or on reading.

/** A malformed file and what is said about it. */
export interface MalformedRow {
  /** What is wrong with it. */
  readonly name: string;
  /** The file. */
  readonly bytes: () => Uint8Array | Promise<Uint8Array>;
  /** The name it would have. */
  readonly file: string;
  /** The whole message. */
  readonly error: string;
}

/** A file of a header (text, or a value to become JSON) and data. */
export function safetensors(
  header: unknown,
  data: Uint8Array | number = 0,
  length?: number | bigint,
): Uint8Array<ArrayBuffer> {
  const text = typeof header === "string" ? header : JSON.stringify(header);
  const head = new TextEncoder().encode(text);
  const tail = typeof data === "number" ? new Uint8Array(data) : data;
  const out = new Uint8Array(8 + head.length + tail.length);
  new DataView(out.buffer).setBigUint64(0, BigInt(length ?? head.length), true);
  out.set(head, 8);
  out.set(tail, 8 + head.length);
  return out;
}

const text = (content: string) => new TextEncoder().encode(content);
const numbers = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
const f32 = (shape: unknown, data_offsets: unknown) => ({ dtype: "F32", shape, data_offsets });
const one = f32([1], [0, 4]);
const FILE = "model.safetensors";
const CUT = "The download was cut: fetch the file again";
const SAVE = "Save it with save_pretrained(safe_serialization=True)";

/** Malformed safetensors files. */
export const rows: MalformedRow[] = ([
  [
    "empty",
    () => new Uint8Array(0),
    "the file is empty, expected a safetensors file. Fetch the file again",
  ],
  [
    "Git LFS pointer",
    () => text("version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 5\n"),
    "the file is a Git LFS pointer, expected a safetensors file. Run `git lfs pull` in its folder",
  ],
  [
    "web page",
    () => text("<!DOCTYPE html><title>401</title>"),
    "the file is a web page, expected a safetensors file. Check the address and whether it asks for a login",
  ],
  [
    "zip archive of torch.save",
    () => Uint8Array.of(0x50, 0x4b, 3, 4, 0x14, 0, 0, 8, 8, 0, 0, 0),
    `the file is a zip archive, as torch.save writes, expected a safetensors file. ${SAVE}`,
  ],
  [
    "pickle",
    () => Uint8Array.of(0x80, 2, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20),
    `the file is a Python pickle, expected a safetensors file. ${SAVE}`,
  ],
  [
    "GGUF",
    () => text("GGUF\x03\x00\x00\x00\x00\x00\x00\x00"),
    "the file is a GGUF file, expected a safetensors file. Name it .gguf",
  ],
  [
    "cut in the header",
    () => safetensors("{}", 0, 1000),
    `the header says 1000 bytes and 2 remain. ${CUT}`,
  ],
  [
    "header length of 2^64 − 1",
    () => safetensors("{}", 0, 0xffffffffffffffffn),
    "the header length is 18446744073709551615 bytes, expected at most 100000000. " +
    "This is not a safetensors file",
  ],
  [
    "cut in the data",
    () => safetensors({ a: f32([2], [0, 8]) }, 4),
    `tensor "a" ends at byte 8, expected at most the 4 that follow the header. ${CUT}`,
  ],
  [
    "tensors that overlap",
    () => safetensors({ a: f32([2], [0, 8]), b: f32([1], [4, 8]) }, 8),
    'tensor "b" begins at byte 4, expected 8, where tensor "a" ends: they overlap',
  ],
  [
    "bytes of no tensor, a polyglot's hiding place",
    () => safetensors({ a: one }, new Uint8Array([0, 0, 0, 0, 0x50, 0x4b, 5, 6])),
    "8 bytes follow the header, expected the 4 of its tensors: the rest belongs to none",
  ],
  [
    "tensor twice",
    () => safetensors(`{"a":${JSON.stringify(one)},"a":${JSON.stringify(one)}}`, 4),
    'the header has the key "a" twice, expected each key once',
  ],
  [
    "shape of 2^96 elements",
    () => safetensors({ a: f32([2 ** 32, 2 ** 32, 2 ** 32], [0, 4]) }, 4),
    'tensor "a" shape is [4294967296, 4294967296, 4294967296], expected fewer than 2^51 elements',
  ],
  [
    "shape of other bytes",
    () => safetensors({ a: f32([3], [0, 4]) }, 4),
    'tensor "a" is 4 bytes long, expected 12 for F32 [3]',
  ],
  [
    "unknown dtype",
    () => safetensors({ a: { ...one, dtype: "Q4_K" } }, 4),
    'tensor "a" dtype is "Q4_K", expected F32, F16 or BF16',
  ],
  [
    "integers that are asked for",
    () => safetensors({ a: { dtype: "I64", shape: [1], data_offsets: [0, 8] } }, 8),
    'tensor "a" dtype is "I64", expected F32, F16 or BF16',
  ],
  [
    "NaN weight",
    () => safetensors({ a: f32([2, 3], [0, 24]) }, numbers(1, 2, 3, 4, NaN, 6)),
    'tensor "a" is NaN at [1, 1], expected finite numbers. The file is damaged or its training diverged',
  ],
  [
    "infinite weight in F16",
    () =>
      safetensors(
        { a: { dtype: "F16", shape: [2], data_offsets: [0, 4] } },
        Uint8Array.of(0, 0, 0, 0xfc),
      ),
    'tensor "a" is -Infinity at [1], expected finite numbers. The file is damaged or its training diverged',
  ],
] as [string, MalformedRow["bytes"], string][]).map(([name, bytes, why]) => {
  return { name, bytes, file: FILE, error: `Cannot read ${FILE}: ${why}` };
});
