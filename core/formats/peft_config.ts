// adapter_config.json by PEFT's keys: rank, scale and choice of modules are read; what else PEFT can do and would
// change the mathematics is refused by name.
import type { SelectOptions } from "../lora/target_modules.ts";
import { type ModulePattern, modulePattern } from "./module_pattern.ts";
import { parseJsonObject, refuseWrongDownload } from "../base/json_object.ts";
import { bare, isObject, quote, show } from "../base/quote.ts";
import { cannotRead, type Mistake } from "../base/mistake.ts";

/** What `adapter_config.json` says about a LoRA adapter. */
export interface PeftConfig {
  /** r, where `rankPattern` has no other. */
  readonly rank: number;
  /** lora_alpha, where `alphaPattern` has no other. */
  readonly alpha: number;
  /** scale = alpha / √r instead of alpha / r. */
  readonly rsLora: boolean;
  /** r by module name, ending of it or pattern; the first that fits counts. */
  readonly rankPattern: ReadonlyMap<string, number>;
  /** lora_alpha by module name, ending of it or pattern; the first that fits counts. */
  readonly alphaPattern: ReadonlyMap<string, number>;
  /** Names, a pattern or `all-linear`; undefined where the file has null. */
  readonly targetModules?: string | readonly string[];
  /** What narrows the choice. */
  readonly select: SelectOptions;
  /** Name or path of the base model, "" where the file has none. */
  readonly baseModel: string;
}

/** What an adapter that is written has in its config. */
export interface PeftConfigFields {
  /** r. */
  readonly rank: number;
  /** lora_alpha. */
  readonly alpha: number;
  /** Whether the scale is alpha / √r. */
  readonly rsLora: boolean;
  /** Names of modules. */
  readonly targetModules: readonly string[];
  /** Whether the modules are Conv1D: weights [in, out]. */
  readonly fanInFanOut: boolean;
  /** Name or path of the base model. */
  readonly baseModel: string;
  /** Name of a head with one label that is saved whole: the model then is a `*ForSequenceClassification`. */
  readonly head?: string;
}

const MERGE = "Merge it into its base with PEFT's merge_and_unload and use that model";
const RETRAIN = "Train the adapter without it";
/** What changes the mathematics: the field, the values that do not, what it is, what to do. */
const REFUSED: readonly (readonly [
  field: string,
  neutral: readonly unknown[],
  what: string,
  fix: string,
])[] = [
  ["use_dora", [false], "DoRA is", MERGE],
  ["use_qalora", [false], "QALoRA is", RETRAIN],
  ["use_bdlora", [false], "block-diagonal LoRA is", MERGE],
  ["lora_bias", [false], "biases of factors are", RETRAIN],
  ["bias", ["none"], "trained biases are", RETRAIN],
  ["modules_to_save", [], "modules that are trained whole are", MERGE],
  ["layer_replication", [], "repeated layers are", MERGE],
  ["trainable_token_indices", [], "trained token embeddings are", MERGE],
  ["target_parameters", [], "LoRA on bare parameters is", MERGE],
  ["alora_invocation_tokens", [], "activated LoRA is", RETRAIN],
  ["arrow_config", [], "Arrow routing is", RETRAIN],
  ["kasa_config", [], "KaSA is", MERGE],
  ["velora_config", [], "VeLoRA is", RETRAIN],
  ["monteclora_config", [], "MonteCLoRA is", RETRAIN],
  [
    "init_lora_weights",
    [true, false, "gaussian", "eva", "orthogonal", "mica"],
    "an initialisation that changes the base's weights is",
    "Save it with PEFT's path_initial_model_for_weight_conversion",
  ],
];
const MOST_KEYS = 10_000;
const MOST_PATTERN_CHARACTERS = 16_384; // of keys that are no plain names
const KNOWN_USES = new Set(["use_dora", "use_qalora", "use_bdlora", "use_rslora"]);

/**
 * Reads `adapter_config.json`.
 *
 * @example
 * ```ts
 * import { Mistake, parsePeftConfig } from "@leash/bpo/core";
 * import { assertThrows } from "@std/assert";
 * const json = '{"peft_type":"LORA","r":8,"lora_alpha":16,"use_dora":true}';
 * assertThrows(
 *   () => parsePeftConfig(new TextEncoder().encode(json), "adapter_config.json"),
 *   Mistake,
 *   "use_dora is true, expected false: DoRA is not supported",
 * );
 * ```
 *
 * @param bytes The whole file.
 * @param name What to call it in errors.
 * @param options `head`: name of a module that may be saved whole (`modules_to_save`), beside others that the model need
 * not have; default none.
 * @throws {Mistake} If it is malformed, or asks for what is not supported (DoRA, trained biases, modules saved
 * whole, groups in the keys of `alpha_pattern`, …); one line, with the field and the fix.
 * @throws {Mistake} If a rank is not a whole number of at least 1, or an alpha is not above 0.
 */
export function parsePeftConfig(
  bytes: Uint8Array,
  name: string,
  { head }: { readonly head?: string } = {},
): PeftConfig {
  refuseWrongDownload(bytes, name, "a JSON object");
  const config = parseJsonObject(bytes, name, "the file");
  if (config.peft_type !== "LORA") {
    throw wrong(name, "peft_type", config.peft_type, '"LORA". Other methods are not supported');
  }
  const saved = config.modules_to_save;
  const hasHead = Array.isArray(saved) && saved.includes(head);
  refuseVariants(hasHead ? { ...config, modules_to_save: null } : config, name);
  const rsLora = config.use_rslora ?? false;
  if (typeof rsLora !== "boolean") throw wrong(name, "use_rslora", rsLora, "true or false");
  const base = config.base_model_name_or_path;
  return {
    rank: readRank(name, "r", config.r),
    alpha: readAlpha(name, "lora_alpha", config.lora_alpha),
    rsLora,
    rankPattern: readPattern(config, name, "rank_pattern", readRank),
    alphaPattern: readPattern(config, name, "alpha_pattern", readAlpha, true),
    targetModules: readNames(config, name, "target_modules"),
    select: {
      exclude: readNames(config, name, "exclude_modules"),
      layersToTransform: readNumbers(config, name, "layers_to_transform"),
      layersPattern: [readNames(config, name, "layers_pattern") ?? []].flat(),
    },
    baseModel: typeof base === "string" ? base : "",
  };
}

/**
 * Rank and scale of one module under a config. `shapeRank` is the rank that its tensors have: it counts where
 * `rank_pattern` has a key with groups, which is never run.
 *
 * @example
 * ```ts
 * import { parsePeftConfig, peftScale } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const json = '{"peft_type":"LORA","r":8,"lora_alpha":16,"rank_pattern":{"q_proj":4}}';
 * const config = parsePeftConfig(new TextEncoder().encode(json), "adapter_config.json");
 * assertEquals(peftScale(config, "model.layers.0.self_attn.q_proj"), { rank: 4, scale: 4 });
 * ```
 */
export function peftScale(
  config: PeftConfig,
  module: string,
  shapeRank: number = config.rank,
): { rank: number; scale: number } {
  const own = (pattern: ReadonlyMap<string, number>, fallback: number): number => {
    for (const [fits, value] of compiled(pattern)) {
      if (!fits) return shapeRank; // one of alpha_pattern is refused when it is read
      if (fits(module)) return value;
    }
    return fallback;
  };
  const rank = own(config.rankPattern, config.rank);
  const alpha = own(config.alphaPattern, config.alpha);
  return { rank, scale: alpha / (config.rsLora ? Math.sqrt(rank) : rank) };
}

const COMPILED = new WeakMap<object, (readonly [ModulePattern | undefined, number])[]>();

/** A pattern's keys as they are matched, made once for all modules. */
function compiled(
  pattern: ReadonlyMap<string, number>,
): readonly (readonly [ModulePattern | undefined, number])[] {
  const list = COMPILED.get(pattern) ??
    [...pattern].map(([key, value]) => [modulePattern(key), value] as const);
  COMPILED.set(pattern, list);
  return list;
}

/** The text of `adapter_config.json`. */
export function encodePeftConfig(fields: PeftConfigFields): Uint8Array<ArrayBuffer> {
  const config = {
    alpha_pattern: {},
    base_model_name_or_path: fields.baseModel,
    bias: "none",
    exclude_modules: null,
    fan_in_fan_out: fields.fanInFanOut,
    inference_mode: true,
    init_lora_weights: true,
    layers_pattern: null,
    layers_to_transform: null,
    lora_alpha: fields.alpha,
    lora_bias: false,
    lora_dropout: 0,
    modules_to_save: fields.head === undefined ? null : [fields.head],
    peft_type: "LORA",
    r: fields.rank,
    rank_pattern: {},
    target_modules: [...fields.targetModules],
    task_type: fields.head === undefined ? "CAUSAL_LM" : "SEQ_CLS",
    use_dora: false,
    use_rslora: fields.rsLora,
  };
  return new TextEncoder().encode(JSON.stringify(config, null, 2) + "\n");
}

function refuseVariants(config: Record<string, unknown>, name: string): void {
  const refuse = (field: string, wanted: string, what: string, fix: string): never => {
    throw wrong(name, field, config[field], `${wanted}: ${what} not supported. ${fix}`);
  };
  for (const [field, neutral, what, fix] of REFUSED) {
    const value = config[field] ?? null;
    if (value === null || neutral.includes(value)) continue;
    if (Array.isArray(value) && value.length === 0) continue;
    refuse(field, neutral.length === 0 ? "null" : neutral.map(show).join(" or "), what, fix);
  }
  for (const field of Object.keys(config)) { // variants that came after this was written
    if (!/^use_/.test(field) || KNOWN_USES.has(field)) continue;
    if ((config[field] ?? false) !== false) refuse(field, "false", "this variant is", MERGE);
  }
}

function readRank(name: string, field: string, value: unknown): number {
  if (typeof value !== "number") throw wrong(name, field, value, "a number");
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw cannotRead(name, {
    found: `${field} is ${value}`,
    expected: "a whole number of at least 1",
  });
}

function readAlpha(name: string, field: string, value: unknown): number {
  if (typeof value !== "number") throw wrong(name, field, value, "a number");
  if (value > 0 && Number.isFinite(value)) return value;
  throw cannotRead(name, { found: `${field} is ${value}`, expected: "a number above 0" });
}

/** Numbers by module. A key with groups, which is never run, is refused where no tensor's shape stands in for it. */
function readPattern(
  config: Record<string, unknown>,
  name: string,
  field: string,
  read: (name: string, field: string, value: unknown) => number,
  refuseGroups = false,
): Map<string, number> {
  const value = config[field] ?? {};
  if (!isObject(value)) throw wrong(name, field, value, "an object of numbers");
  const keys = Object.keys(value);
  const characters = keys.filter((key) => /[^\w.-]/.test(key.replaceAll("\\.", ".")))
    .reduce((sum, key) => sum + key.length, 0);
  if (keys.length > MOST_KEYS || characters > MOST_PATTERN_CHARACTERS) {
    throw cannotRead(name, {
      found: `${field} has ${keys.length} keys, ${characters} characters of them patterns`,
      expected: `at most ${MOST_KEYS} and ${MOST_PATTERN_CHARACTERS}`,
      fix: "List the modules by name",
    });
  }
  return new Map(
    Object.entries(value).map(([key, number]) => {
      if (refuseGroups && !modulePattern(key)) {
        throw cannotRead(name, {
          found: `${field} has the key ${quote(key)}`,
          expected: "a module's name, its ending or a pattern without groups",
          fix: "List the modules by name",
        });
      }
      return [key, read(name, `${field} of ${quote(key)}`, number)];
    }),
  );
}

function readNames(
  config: Record<string, unknown>,
  name: string,
  field: string,
): string | string[] | undefined {
  const value = config[field] ?? undefined;
  if (value === undefined || typeof value === "string") return value;
  if (Array.isArray(value) && value.every((entry) => typeof entry === "string")) return value;
  throw wrong(name, field, value, "a string or a list of strings");
}

function readNumbers(
  config: Record<string, unknown>,
  name: string,
  field: string,
): number[] | undefined {
  const value = config[field] ?? [];
  const list = Array.isArray(value) ? value : [value];
  if (!list.every((entry) => Number.isSafeInteger(entry) && entry >= 0)) {
    throw wrong(name, field, value, "a layer's number or a list of them");
  }
  return list.length > 0 ? list : undefined;
}

function wrong(name: string, field: string, found: unknown, expected: string): Mistake {
  return cannotRead(name, { found: `${bare(field)} is ${show(found)}`, expected });
}
