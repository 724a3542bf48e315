// A model, folder or GGUF file: family, sizes, weights, tokenizer, chat template, and what it takes on a device.
import { type BaseDType, wordsPerRow } from "../../backend/mod.ts";
import {
  type ChatTemplate,
  checkTensorShapes,
  linearLayers,
  type ModelConfig,
  type PretrainedTokenizer,
  storedNames,
  tensorShapes,
  turnEnd,
} from "../../core/mod.ts";
import { type OpenedModel, openModel } from "../../files/mod.ts";
import { readNumbers, type ReadOptions, tensorCounts } from "./tensors.ts";
import { probeTemplate, templateReport, tokenizerReport } from "./tokenizer.ts";
import type { Report, ReportValue } from "./report.ts";

/**
 * Opens a model and reads what can be wrong with it.
 *
 * @throws {Mistake} If a file is missing or malformed, or the weights are not the config's.
 */
export async function inspectModel(path: string, options: ReadOptions): Promise<Report> {
  using opened = await openModel(path);
  const { config, configJson, source, gguf, ggufFiles, tokenizer, chat, date, notes } = opened;
  checkWeights(opened);
  if (chat !== undefined) probeTemplate(chat);
  const all = await readNumbers(source, options);
  return {
    kind: gguf ? "GGUF model" : "model folder",
    path,
    family: config.family ?? "llama",
    architecture: architectureOf(configJson),
    ...sizesOf(config),
    weights: { ...tensorCounts(source.tensors), numbersRead: all },
    tokenizer: tokenizer === undefined ? null : tokenizerReport(tokenizer),
    ...templateReport(chat?.source),
    ...(chat && tokenizer ? { endOfTurn: endOfTurnReport(chat, tokenizer, config.eosId) } : {}),
    ...(date === undefined ? {} : { date: "asked for by the template: --date, or today" }),
    ...(notes.length === 0 ? {} : { notes }),
    deviceBytes: deviceBytes(config),
    loraLayers: linearLayers(config).length,
    ...(ggufFiles && ggufFiles.count > 1 ? { parts: ggufFiles.count } : {}),
    ...(ggufFiles ? { fileBytes: ggufFiles.bytes } : {}),
  };
}

/** How the template ends an answer, and whether a generation ends there. */
function endOfTurnReport(
  chat: ChatTemplate,
  tokenizer: PretrainedTokenizer,
  ends: readonly number[] = [],
): string {
  const end = turnEnd(chat, tokenizer);
  if (end === undefined) return "not known: the template renders other dialogues";
  const what = end.token ? `${end.token.id} ${JSON.stringify(end.token.text)}` : "plain text";
  return end.ids.some((id) => ends.includes(id)) ? what : `${what}, which is no end token`;
}

function architectureOf({ architectures }: OpenedModel["configJson"]): string | undefined {
  const first: unknown = Array.isArray(architectures) ? architectures[0] : undefined;
  return typeof first === "string" ? first : undefined;
}

/** The weights are those of the config, as loading would find. */
function checkWeights({ config, source }: OpenedModel): void {
  const stored = storedNames(config, source.tensors.keys());
  const found = new Map([...stored].map(([name, at]) => [name, source.tensors.get(at)!]));
  checkTensorShapes(config, found, source.name);
}

/** Sizes of a config. */
export function sizesOf(config: ModelConfig): { readonly sizes: ReportValue } {
  const { layers, hiddenSize, intermediateSize, heads, kvHeads, headDim } = config;
  const { vocabSize, maxPositions, tied } = config;
  return {
    sizes: {
      ...{ layers, hiddenSize, intermediateSize, heads, kvHeads, headDim, vocabSize },
      ...{ positions: maxPositions, tiedHead: tied },
    },
  };
}

const DTYPES: readonly BaseDType[] = ["f32", "f16", "int8", "int4"];

/**
 * Bytes of the frozen weights on a device by `--base-dtype`: matrices as asked, embedding and head at eight bits at
 * least, the rest f32. Without adapters, activations and caches.
 */
export function deviceBytes(config: ModelConfig): Readonly<Record<BaseDType, number>> {
  const bytes = { f32: 0, f16: 0, int8: 0, int4: 0 };
  for (const [name, shape] of tensorShapes(config)) {
    const elements = shape.reduce((product, extent) => product * extent, 1);
    const isPositions = name.endsWith("wpe.weight");
    const isTokens = shape[0] === config.vocabSize && shape[1] === config.hiddenSize;
    for (const dtype of DTYPES) {
      if (shape.length !== 2 || isPositions) {
        bytes[dtype] += 4 * elements;
        continue;
      }
      const { data, scales } = wordsPerRow(dtype === "int4" && isTokens ? "int8" : dtype, shape[1]);
      bytes[dtype] += 4 * shape[0] * (data + scales);
    }
  }
  return bytes;
}
