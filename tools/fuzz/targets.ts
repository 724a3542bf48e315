// The parsers of this package as targets of the fuzzer, through their public readers.
import { DATASET_TARGETS } from "./targets_data.ts";
import { MODEL_TARGETS } from "./targets_model.ts";
import type { Target } from "./target.ts";
import { WORD_TARGETS } from "./targets_words.ts";

/** All of them. */
export const TARGETS: readonly Target[] = [...MODEL_TARGETS, ...WORD_TARGETS, ...DATASET_TARGETS];
