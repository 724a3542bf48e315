// A Hugging Face config.json from a GGUF file's metadata: sizes, rope, windows, caps, tied or not, as the model's family
// reads them (core/model/families), and the special ids, which all have alike.
import type { Family } from "../../model/family.ts";
import type { RopeFactors } from "../../model/gguf_family.ts";
import type { GgufMetadata } from "./metadata.ts";

type Json = Record<string, unknown>;

/**
 * The config.json that the model's repository would have, as far as its mathematics goes.
 *
 * @param family Of the file.
 * @param factors From the file's rope tensors.
 * @throws {TypeError} If a size is missing, or a feature has no counterpart there.
 */
export function ggufConfig(family: Family, metadata: GgufMetadata, factors: RopeFactors): Json {
  const experts = metadata.count(".expert_count", 0);
  if (experts > 0) {
    throw metadata.mistake(
      `${metadata.architecture}.expert_count is ${experts}`,
      "0. Mixtures of experts are not supported",
    );
  }
  return {
    architectures: [family.architectures[0]],
    model_type: family.name,
    ...family.gguf.config(metadata, factors),
    ...ids(metadata),
  };
}

function ids(metadata: GgufMetadata): Json {
  const id = (key: string) => {
    const whole = `tokenizer.ggml.${key}_token_id`;
    return metadata.get(whole) === undefined ? undefined : metadata.count(whole);
  };
  const bos = id("bos"), eos = id("eos"), eot = id("eot"), pad = id("padding");
  const ends = [...new Set([eos, eot])].filter((end) => end !== undefined);
  return {
    ...(bos === undefined ? {} : { bos_token_id: bos }),
    ...(ends.length === 0 ? {} : { eos_token_id: ends.length === 1 ? ends[0] : ends }),
    ...(pad === undefined ? {} : { pad_token_id: pad }),
  };
}
