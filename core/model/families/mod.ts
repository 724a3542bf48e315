// The families that are supported, one file each. A new one is a file and a line here.
import type { Family } from "../family.ts";
import type { ModelConfig } from "../types.ts";
import { gemma } from "./gemma.ts";
import { gemma2 } from "./gemma2.ts";
import { gemma3 } from "./gemma3.ts";
import { gpt2 } from "./gpt2.ts";
import { gptNeox } from "./gpt_neox.ts";
import { llama } from "./llama.ts";
import { mistral } from "./mistral.ts";
import { olmo2 } from "./olmo2.ts";
import { phi3 } from "./phi3.ts";
import { qwen2 } from "./qwen2.ts";
import { qwen3 } from "./qwen3.ts";
import { smollm3 } from "./smollm3.ts";
import { starcoder2 } from "./starcoder2.ts";
import { Mistake } from "../../base/mistake.ts";

/** All families. */
export const FAMILIES: readonly Family[] = [
  llama,
  mistral,
  qwen2,
  qwen3,
  gemma,
  gemma2,
  gemma3,
  phi3,
  smollm3,
  gpt2,
  gptNeox,
  olmo2,
  starcoder2,
];

/** The family of a config; throws for a name that none has. */
export function familyOf(config: ModelConfig): Family {
  const name = config.family ?? "llama";
  const family = FAMILIES.find((family) => family.name === name);
  if (family) return family;
  throw new Mistake("model", {
    verb: "use",
    thing: "the model",
    found: `its family is "${name}"`,
    expected: `one of ${FAMILIES.map((family) => family.name).join(", ")}`,
  });
}
