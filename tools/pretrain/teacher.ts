// Which random streams the teacher's stories come from, so that any of them can be drawn again.
import { type Completion, keyOf, type Tokenizer } from "../../core/mod.ts";

/** Prompts (a lone BOS), streams and key of stories from … from+count−1. */
export function keyedStories(from: number, count: number, bos: number) {
  return {
    prompts: Array.from({ length: count }, () => [bos]),
    streams: Array.from({ length: count }, (_, i) => from + i),
    key: keyOf(260),
  };
}

/** The story without its end token. */
export function completionText(tokenizer: Tokenizer, { ids, finish }: Completion): string {
  return tokenizer.decode(finish === "stop" ? ids.subarray(0, ids.length - 1) : ids).trim();
}
