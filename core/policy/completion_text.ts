// What a completion says: its ids decoded, without the token that ended it.
import type { Tokenizer } from "../text/tokenizer/tokenizer.ts";
import type { Completion } from "./generate.ts";

/**
 * Text of a completion without its end token.
 *
 * @example
 * ```ts
 * import { completionText } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const tokenizer = {
 *   ...{ vocabSize: 9, bosId: 1, eosId: 2, padId: 0 },
 *   ...{ encode: () => [], decode: (ids: ArrayLike<number>) => `${ids.length} tokens` },
 * };
 * const completion = { ids: new Uint32Array([5, 6, 2]), logps: new Float32Array(3) };
 * assertEquals(completionText(tokenizer, { ...completion, finish: "stop" }), "2 tokens");
 * ```
 */
export function completionText(tokenizer: Tokenizer, { ids, finish }: Completion): string {
  return tokenizer.decode(finish === "stop" ? ids.subarray(0, ids.length - 1) : ids);
}
