// Checkpoints that are damaged or that would read elsewhere; `error` is what loading the folder says.
import type { MalformedRow } from "./safetensors.ts";

const FOLDER = "step-00000001";
const MANIFEST = `${FOLDER}/MANIFEST.json`;
const INDEX = `${FOLDER}/checkpoint.json`;
const DATA = `${FOLDER}/arrays.bin`;
const text = (content: string) => new TextEncoder().encode(content);
const index = text(
  '{"format":"leash-checkpoint-1","arrays":[{"name":"m","type":"f32","length":2}],"meta":{"step":1}}\n',
);
const data = new Uint8Array(8);
const hex = async (bytes: Uint8Array<ArrayBuffer>) =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
const sealed = {
  "checkpoint.json": { sha256: await hex(index), size: index.length },
  "arrays.bin": { sha256: await hex(data), size: data.length },
};
const manifest = (files: unknown) => text(JSON.stringify({ files }));
const lists = (file: string) => () => manifest({ ...sealed, [file]: sealed["arrays.bin"] });
const within = "expected paths within the folder";

/** A checkpoint that loads. */
export const wholeCheckpoint: ReadonlyMap<string, () => Uint8Array> = new Map([
  [MANIFEST, () => manifest(sealed)],
  [INDEX, () => index],
  [DATA, () => data],
]);

/** Malformed checkpoints. */
export const rows: MalformedRow[] = ([
  [
    "manifest that is cut",
    () => text('{"files":{"chec'),
    `${MANIFEST}: the file is not JSON, expected a JSON object`,
  ],
  [
    "manifest without files",
    () => text("{}"),
    `${MANIFEST}: files is undefined, expected an object`,
  ],
  [
    "file without a digest",
    () => manifest({ "arrays.bin": { size: 8 } }),
    `${MANIFEST}: "arrays.bin" is {"size":8}, expected its sha256 and size`,
  ],
  ["path upwards", lists("../secret"), `${MANIFEST}: it lists "../secret", ${within}`],
  ["path from the root", lists("/etc/passwd"), `${MANIFEST}: it lists "/etc/passwd", ${within}`],
  [
    "path with a control character",
    lists("a\u2028b"),
    `${MANIFEST}: it lists "a\\u2028b", ${within}`,
  ],
  ["path with a NUL", lists("a\0b"), `${MANIFEST}: it lists "a\\u0000b", ${within}`],
  [
    "name of a thousand letters",
    lists("n".repeat(1000)),
    `${MANIFEST}: it lists "${"n".repeat(79)}…", ${within}`,
  ],
  [
    "file within a file",
    lists("arrays.bin/x"),
    `${FOLDER}/arrays.bin/x: it is missing, expected the 8 bytes that MANIFEST.json lists. ` +
    "The folder is damaged",
  ],
  [
    "array that was cut",
    () => data.slice(0, 4),
    `${DATA}: it is 4 bytes long, expected the 8 bytes that MANIFEST.json lists. The folder is damaged`,
    DATA,
  ],
  [
    "index that was changed",
    () => index.with(60, 0x20),
    `${INDEX}: it is changed, expected the ${index.length} bytes that MANIFEST.json lists. ` +
    "The folder is damaged",
    INDEX,
  ],
] as [string, MalformedRow["bytes"], string, string?][]).map(([name, bytes, why, file]) => {
  return { name, bytes, file: file ?? MANIFEST, error: `Cannot read ${why}` };
});
