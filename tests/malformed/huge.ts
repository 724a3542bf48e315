// Small and large files that claim, nest or hold too much: what a reader that trusts a number would drown in.
import { parquetMetadata } from "hyparquet/src/metadata.js";
import { ByteWriter, parquetWriteBuffer } from "hyparquet-writer/src/index.js";
import { writeMetadata } from "hyparquet-writer/src/metadata.js";
import { goodConfig } from "./config.ts";
import { wholeTokenizer } from "./generation_config.ts";
import { smallLlama } from "./gguf.ts";
import { type MalformedRow, safetensors } from "./safetensors.ts";

/** A row, and whose parser it is for. */
export interface HugeRow extends MalformedRow {
  /** A name of the table's parsers. */
  readonly parser: string;
}

const text = (content: string) => new TextEncoder().encode(content);
const MIB = 2 ** 20;
const DEPTH = 100_000;
const nested = (depth = DEPTH) => "[".repeat(depth) + "]".repeat(depth);
/** What is said of JSON that is nested too deep. */
const deep = (
  file: string,
  part: string,
  most: number,
  fix = "Remove what does not belong there",
) =>
  `Cannot read ${file}: ${part} is nested over ${most} deep, expected at most ${most} objects and lists ` +
  `within each other. ${fix}`;
const AGAIN = "The file is damaged: fetch it again";

function withU64(bytes: Uint8Array<ArrayBuffer>, at: number, value: bigint): Uint8Array {
  new DataView(bytes.buffer).setBigUint64(at, value, true);
  return bytes;
}

/** A Parquet file whose footer claims 2^31 rows, of its group too. */
function rowsOfParquet(): Uint8Array {
  const bytes = new Uint8Array(parquetWriteBuffer({
    columnData: [{ name: "a", data: ["x", "y"], type: "STRING" }],
    codec: "UNCOMPRESSED",
  }));
  const metadata = parquetMetadata(bytes.slice().buffer);
  metadata.num_rows = 2n ** 31n;
  metadata.row_groups[0].num_rows = 2n ** 31n;
  const footer = new DataView(bytes.buffer).getUint32(bytes.length - 8, true);
  const writer = new ByteWriter();
  writer.appendBytes(bytes.slice(0, bytes.length - 8 - footer));
  writeMetadata(writer, metadata);
  writer.appendUint32(0x31524150);
  return new Uint8Array(writer.getBuffer());
}

/** A tokenizer of a million merges, the last another than the others; its text is made without a list of them. */
function millionMerges(merge: string, last: string): Uint8Array {
  const model = `{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":[${
    `"${merge}",`.repeat(999_999)
  }"${last}"]}`;
  const rest = JSON.stringify({ ...wholeTokenizer, added_tokens: [], model: 0 });
  return text(rest.replace('"model":0', `"model":${model}`));
}

/** The rows. */
export const rows: HugeRow[] = [
  {
    parser: "safetensors",
    name: "a header of 10^17 bytes",
    bytes: () => safetensors("{}", 0, 10n ** 17n),
    file: "model.safetensors",
    error: "Cannot read model.safetensors: the header length is 100000000000000000 bytes, " +
      "expected at most 100000000. This is not a safetensors file",
  },
  {
    parser: "safetensors",
    name: "a header that nests 100,000 deep",
    bytes: () => safetensors(`{"a":${nested()}}`),
    file: "model.safetensors",
    error: deep("model.safetensors", "the header", 64),
  },
  {
    parser: "safetensors",
    name: "sixty thousand empty tensors",
    bytes: () => {
      const entry = JSON.stringify({ dtype: "F32", shape: [0], data_offsets: [0, 0] });
      const tensors = Array.from({ length: 60_000 }, (_, i) => `"t${i}":${entry}`);
      return safetensors(`{${tensors.join(",")},"t7":${entry}}`);
    },
    file: "model.safetensors",
    error:
      'Cannot read model.safetensors: the header has the key "t7" twice, expected each key once',
  },
  {
    parser: "config",
    name: "JSON nested 100,000 deep",
    bytes: () => text(nested()),
    file: "config.json",
    error: deep("config.json", "the file", 64),
  },
  {
    parser: "config",
    name: "a field nested 100,000 deep",
    bytes: () =>
      text(JSON.stringify(goodConfig).replace(/}$/, `,"quantization_config":${nested()}}`)),
    file: "config.json",
    error: deep("config.json", "the file", 64),
  },
  {
    parser: "index",
    name: "a map nested 100,000 deep",
    bytes: () => text(`{"weight_map":{"a":${nested()}}}`),
    file: "model.safetensors.index.json",
    error: deep("model.safetensors.index.json", "the file", 64),
  },
  {
    parser: "adapter",
    name: "a rank nested 100,000 deep",
    bytes: () => text(`{"peft_type":"LORA","r":${nested()}}`),
    file: "adapter/adapter_config.json",
    error: deep("adapter/adapter_config.json", "the file", 64),
  },
  {
    parser: "gguf",
    name: "2^40 tensors",
    bytes: () => withU64(smallLlama(), 8, 2n ** 40n),
    file: "model.gguf",
    error: `Cannot read model.gguf: the tensor count is ${2n ** 40n}, expected at most ${
      Math.floor((smallLlama().length - 16) / 24)
    } in a file of ${smallLlama().length} bytes. ${AGAIN}`,
  },
  {
    parser: "gguf",
    name: "arrays of arrays, 50,000 deep",
    bytes: () => {
      const head = new Uint8Array(24 + 8 + 1 + 4);
      head.set(text("GGUF"));
      const view = new DataView(head.buffer);
      view.setUint32(4, 3, true);
      view.setBigUint64(16, 1n, true);
      view.setBigUint64(24, 1n, true);
      head[32] = 0x61;
      view.setUint32(33, 9, true);
      const level = new Uint8Array(12);
      new DataView(level.buffer).setUint32(0, 9, true);
      new DataView(level.buffer).setBigUint64(4, 1n, true);
      const out = new Uint8Array(head.length + 12 * 50_000);
      out.set(head);
      for (let at = head.length; at < out.length; at += 12) out.set(level, at);
      return out;
    },
    file: "model.gguf",
    error:
      'Cannot read model.gguf: "a" has arrays in arrays in arrays, expected arrays nested once',
  },
  {
    parser: "parquet",
    name: "2^31 rows",
    bytes: rowsOfParquet,
    file: "pairs.parquet",
    error:
      'Cannot read pairs.parquet: column "a" of row group 1 has 2 values, expected 2147483648 as there are rows',
  },
  {
    parser: "json",
    name: "a list nested 100,000 deep",
    bytes: () => text(nested()),
    file: "pairs.json",
    error: deep("pairs.json", "the file", 512, "Write it as JSON lines, which are read one by one"),
  },
  {
    parser: "json",
    name: "a list that is opened 100,000 times and never closed",
    bytes: () => text("[".repeat(DEPTH)),
    file: "pairs.json",
    error: deep("pairs.json", "the file", 512, "Write it as JSON lines, which are read one by one"),
  },
  {
    parser: "jsonl",
    name: "a line nested 100,000 deep",
    bytes: () => text(`{"prompt":"a"}\n${nested()}\n`),
    file: "pairs.jsonl",
    error: deep("pairs.jsonl", "line 2", 512),
  },
  {
    parser: "jsonl",
    name: "50 MB without a line end",
    bytes: () => new Uint8Array(50 * MIB).fill(0x61),
    file: "pairs.jsonl",
    error: "Cannot read pairs.jsonl: line 1 is over 16 MiB long, expected JSON lines",
  },
  {
    parser: "csv",
    name: "one line of 50 MB",
    bytes: () => new Uint8Array(50 * MIB).fill(0x61),
    file: "pairs.csv",
    error: "Cannot read pairs.csv: line 1 is over 16 MiB long, expected CSV",
  },
  {
    parser: "csv",
    name: "a quote that opens over 50 MB of lines",
    bytes: () => {
      const bytes = new Uint8Array(50 * MIB).fill(0x61);
      for (let at = 63; at < bytes.length; at += 64) bytes[at] = 0x0a;
      bytes.set(text('prompt\n"'));
      return bytes;
    },
    file: "pairs.csv",
    error: "Cannot read pairs.csv: line 2 opens a quote that is never closed, expected CSV",
  },
  {
    parser: "tsv",
    name: "a header of two hundred thousand columns, one of them twice",
    bytes: () =>
      text(Array.from({ length: 200_001 }, (_, i) => `c${i % 200_000}`).join("\t") + "\n"),
    file: "pairs.tsv",
    error: 'Cannot read pairs.tsv: column "c0" is there twice, expected each column once',
  },
  {
    parser: "tokenizer",
    name: "a million merges, the last of an unknown token",
    bytes: () => millionMerges("a b", "a nobody"),
    file: "tokenizer.json",
    error:
      'Cannot read tokenizer.json: model.merges[999999] names "nobody", expected tokens of the vocabulary',
  },
  {
    parser: "tokenizer",
    name: "a million merges of unknown tokens",
    bytes: () => millionMerges("x y", "x y"),
    file: "tokenizer.json",
    error:
      'Cannot read tokenizer.json: model.merges[0] names "x", expected tokens of the vocabulary',
  },
  {
    parser: "tokenizer",
    name: "a vocabulary nested 100,000 deep",
    bytes: () => text(`{"model":{"type":"BPE","vocab":{"a":${nested()}},"merges":[]}}`),
    file: "tokenizer.json",
    error: deep("tokenizer.json", "the file", 64),
  },
  {
    parser: "chat_template",
    name: "loops within loops, a thousand million times round",
    bytes: () => text("{% for i in range(1000) %}".repeat(3) + "a" + "{% endfor %}".repeat(3)),
    file: "chat_template.jinja",
    error: "Cannot render chat_template.jinja: it takes more than 1000000 steps. " +
      "Raise the budget if you trust the template",
  },
  {
    parser: "chat_template",
    name: "text that doubles sixty times",
    bytes: () =>
      text(
        "{% set n = namespace(x='ab') %}{% for i in range(60) %}{% set n.x = n.x ~ n.x %}{% endfor %}{{ n.x }}",
      ),
    file: "chat_template.jinja",
    error: "Cannot render chat_template.jinja: it makes text of more than 1048576 characters. " +
      "Raise the budget if you trust the template",
  },
  {
    parser: "generation_config",
    name: "an end nested 100,000 deep",
    bytes: () => text(`{"eos_token_id":${nested()}}`),
    file: "generation_config.json",
    error: deep("generation_config.json", "the file", 64),
  },
];
