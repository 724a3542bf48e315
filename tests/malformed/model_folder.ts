// Weights and companions that do not fit the config beside them; `error` is what loading the folder says.
import type { HostTensor } from "../../core/base/host_tensor.ts";
import { encodeSafetensors } from "../../core/formats/safetensors.ts";
import { parseModelConfig } from "../../core/model/config.ts";
import { tensorShapes } from "../../core/model/shapes.ts";
import { goodConfig } from "./config.ts";
import { wholeTokenizer } from "./generation_config.ts";
import { type MalformedRow, safetensors } from "./safetensors.ts";

const WEIGHTS = "model.safetensors";
const Q = "model.layers.0.self_attn.q_proj.weight";
const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const tensor = (shape: readonly number[], value = 0.25): HostTensor => {
  return { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value) };
};
const weights = (change: Record<string, HostTensor | undefined> = {}) => {
  const shapes = tensorShapes(parseModelConfig({ ...goodConfig }, "config.json"));
  const all = Object.fromEntries([...shapes].map(([name, shape]) => [name, tensor(shape)]));
  const kept = Object.entries({ ...all, ...change })
    .filter((entry): entry is [string, HostTensor] => entry[1] !== undefined);
  return encodeSafetensors(new Map(kept));
};

/** The folder's other files, which are whole. */
export const wholeModel: ReadonlyMap<string, () => Uint8Array> = new Map([
  ["config.json", () => json(goodConfig)],
  [WEIGHTS, () => weights()],
  ["tokenizer.json", () => json(wholeTokenizer)],
]);

const load = `Cannot load ${WEIGHTS}:`;
const read = `Cannot read ${WEIGHTS}:`;

/** Malformed model folders. */
export const rows: MalformedRow[] = ([
  [
    "weights without a tensor",
    () => weights({ [Q]: undefined }),
    `${load} tensor "${Q}" is missing, expected shape [4, 4]`,
  ],
  [
    "a tensor of another shape",
    () => weights({ [Q]: tensor([4, 6]) }),
    `${load} tensor "${Q}" shape is [4, 6], expected [4, 4] from the config`,
  ],
  [
    "a tensor with its axes in one",
    () => weights({ [Q]: tensor([16]) }),
    `${load} tensor "${Q}" shape is [16], expected [4, 4] from the config`,
  ],
  [
    "a tensor of another layer",
    () => weights({ "model.layers.7.mlp.up_proj.weight": tensor([6, 4]) }),
    `${load} tensor "model.layers.7.mlp.up_proj.weight" is there, ` +
    "expected only the 11 tensors of a llama model of 1 layers",
  ],
  [
    "a tensor with the name of a path",
    () => weights({ "../../etc/passwd\n": tensor([1]) }),
    `${load} tensor "../../etc/passwd\\n" is there, ` +
    "expected only the 11 tensors of a llama model of 1 layers",
  ],
  [
    "a weight that is NaN",
    () => weights({ [Q]: tensor([4, 4], NaN) }),
    `${read} tensor "${Q}" is NaN at [0, 0], expected finite numbers. ` +
    "The file is damaged or its training diverged",
  ],
  [
    "a weight that is infinite",
    () => weights({ "model.norm.weight": tensor([4], -Infinity) }),
    `${read} tensor "model.norm.weight" is -Infinity at [0], expected finite numbers. ` +
    "The file is damaged or its training diverged",
  ],
  [
    "weights that were cut",
    () => weights().slice(0, 600),
    `${read} the header says 1016 bytes and 592 remain. The download was cut: fetch the file again`,
  ],
  [
    "no tensors at all",
    () => safetensors("{}"),
    `${load} tensor "model.embed_tokens.weight" is missing, expected shape [8, 4]`,
  ],
  [
    "weights under the name of a pickle",
    () => weights(),
    "Cannot read .: model.safetensors and model.safetensors.index.json are missing and " +
    "pytorch_model.bin is a pickle, which can run code, expected one of them. " +
    "Save the weights with save_pretrained(safe_serialization=True)",
    "pytorch_model.bin",
  ],
  [
    "a tokenizer of more tokens than the embedding",
    () => {
      const vocab = Object.fromEntries(Array.from("abcdefghi", (letter, i) => [letter, i]));
      return json({
        ...wholeTokenizer,
        added_tokens: [],
        model: { type: "BPE", vocab, merges: [] },
      });
    },
    'Cannot use tokenizer.json: id 8 ("i") is past the embedding, expected ids below its 8 rows. ' +
    "Is it another model's tokenizer?",
    "tokenizer.json",
  ],
  [
    "a chat template that is not UTF-8",
    () => Uint8Array.of(0x7b, 0x7b, 0xff, 0x7d, 0x7d),
    "Cannot read chat_template.jinja: the file is not UTF-8, expected a Jinja template",
    "chat_template.jinja",
  ],
  [
    "a chat template of a number",
    () => json({ chat_template: 7 }),
    "Cannot read tokenizer_config.json: chat_template is 7, expected text or a list of templates",
    "tokenizer_config.json",
  ],
  [
    "a beginning that is no token",
    () => json({ bos_token: "<bos>" }),
    'Cannot read .: bos_token is "<bos>", expected a token of the vocabulary',
    "tokenizer_config.json",
  ],
] as [string, MalformedRow["bytes"], string, string?][]).map(([name, bytes, error, file]) => {
  return { name, bytes, file: file ?? WEIGHTS, error };
});
