// Indices of sharded checkpoints that lie, or lead out of their folder. The shards that they speak of are whole.
import { encodeSafetensors } from "../../core/formats/safetensors.ts";
import type { MalformedRow } from "./safetensors.ts";

const FILE = "model.safetensors.index.json";
const A = "model-00001-of-00002.safetensors";
const B = "model-00002-of-00002.safetensors";
const whole = { a: A, x: A, b: B };
const shard = (tensors: Record<string, number[]>) =>
  encodeSafetensors(
    new Map(
      Object.entries(tensors).map(([name, data]) => {
        return [name, { shape: [data.length], data: Float32Array.from(data) }];
      }),
    ),
  );

/** The shards beside the index; nothing else may be opened. */
export const shards: ReadonlyMap<string, Uint8Array<ArrayBuffer>> = new Map([
  [A, shard({ a: [1, 2], x: [5] })],
  [B, shard({ b: [3, 4] })],
]);

const json = (value: unknown) => () => new TextEncoder().encode(JSON.stringify(value));
const text = (content: string) => () => new TextEncoder().encode(content);
const FOLDER = "expected a .safetensors file of this folder";

/** Malformed indices. */
export const rows: MalformedRow[] = ([
  ["empty", text(""), `${FILE}: the file is empty, expected a JSON object. Fetch the file again`],
  [
    "Git LFS pointer",
    text("version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 5\n"),
    `${FILE}: the file is a Git LFS pointer, expected a JSON object. Run \`git lfs pull\` in its folder`,
  ],
  [
    "web page",
    text("<html>Sign in</html>"),
    `${FILE}: the file is a web page, expected a JSON object. Check the address and whether it asks for a login`,
  ],
  ["cut", text('{"weight_map":{"a":"mod'), `${FILE}: the file is not JSON, expected a JSON object`],
  [
    "not UTF-8",
    () => Uint8Array.of(0x7b, 0xff, 0x7d),
    `${FILE}: the file is not UTF-8, expected a JSON object`,
  ],
  [
    "list",
    json(["a", "b"]),
    `${FILE}: the file is ["a","b"], expected a JSON object`,
  ],
  ["no map", json({ metadata: {} }), `${FILE}: weight_map is undefined, expected an object`],
  [
    "empty map",
    json({ weight_map: {} }),
    `${FILE}: weight_map is {}, expected at least one tensor`,
  ],
  [
    "tensor twice",
    text(`{"weight_map":{"a":"${A}","a":"${B}"}}`),
    `${FILE}: the file has the key "a" twice, expected each key once`,
  ],
  [
    "path upwards",
    json({ weight_map: { a: "../../secret.safetensors" } }),
    `${FILE}: weight_map "a" is "../../secret.safetensors", ${FOLDER}`,
  ],
  [
    "absolute path",
    json({ weight_map: { a: "/etc/x.safetensors" } }),
    `${FILE}: weight_map "a" is "/etc/x.safetensors", ${FOLDER}`,
  ],
  [
    "path with backslashes",
    json({ weight_map: { a: "..\\x.safetensors" } }),
    `${FILE}: weight_map "a" is "..\\\\x.safetensors", ${FOLDER}`,
  ],
  [
    "address",
    json({ weight_map: { a: "https://evil.example/x.safetensors" } }),
    `${FILE}: weight_map "a" is "https://evil.example/x.safetensors", ${FOLDER}`,
  ],
  [
    "hidden file",
    json({ weight_map: { a: ".x.safetensors" } }),
    `${FILE}: weight_map "a" is ".x.safetensors", ${FOLDER}`,
  ],
  [
    "pickle shard",
    json({ weight_map: { a: "pytorch_model-00001-of-00002.bin" } }),
    `${FILE}: weight_map "a" is "pytorch_model-00001-of-00002.bin", ${FOLDER}`,
  ],
  [
    "file name of a thousand letters",
    json({ weight_map: { a: `${"m".repeat(1000)}.safetensors` } }),
    `${FILE}: weight_map "a" is "${"m".repeat(79)}…", ${FOLDER}`,
  ],
  ["number for a file", json({ weight_map: { a: 1 } }), `${FILE}: weight_map "a" is 1, ${FOLDER}`],
  [
    "tensor that its shard has not",
    json({ weight_map: { ...whole, c: B } }),
    `${B}: tensor "c" is missing, expected it there, as ${FILE} says`,
  ],
  [
    "tensor that is not listed",
    json({ weight_map: { a: A, b: B } }),
    `${A}: tensor "x" is there, expected only what ${FILE} lists for the file`,
  ],
  [
    "shard of another tensor's",
    json({ weight_map: { a: B, b: B } }),
    `${B}: tensor "a" is missing, expected it there, as ${FILE} says`,
  ],
  [
    "total of fewer bytes",
    json({ metadata: { total_size: 12 }, weight_map: whole }),
    `${FILE}: metadata.total_size is 12, expected at least the 20 bytes of the tensors. ` +
    "It is another model's index",
  ],
  [
    "total of text",
    json({ metadata: { total_size: "16" }, weight_map: whole }),
    `${FILE}: metadata.total_size is "16", expected a number of bytes`,
  ],
] as [string, MalformedRow["bytes"], string][]).map(([name, bytes, why]) => {
  return { name, bytes, file: FILE, error: `Cannot read ${why}` };
});
