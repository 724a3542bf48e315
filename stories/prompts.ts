// The opening sentences of the stories task: one list to train on, a fixed one to evaluate on.
import { cannotRead } from "../core/base/mistake.ts";

/** Opening sentences; the two lists share none. */
export interface StoryPrompts {
  /** To train on, in random order, at least 1,200. */
  readonly train: readonly string[];
  /** To evaluate on, exactly 256. */
  readonly evaluation: readonly string[];
}

/**
 * Loads both lists.
 *
 * @returns The prompts.
 * @throws {Error} If a file cannot be read.
 */
export async function loadPrompts(): Promise<StoryPrompts> {
  const [train, evaluation] = await Promise.all([
    loadList("./assets/train_prompts.json"),
    loadList("./assets/eval_prompts.json"),
  ]);
  return { train, evaluation };
}

async function loadList(path: string): Promise<readonly string[]> {
  const url = new URL(path, import.meta.url);
  const response = await fetch(url);
  if (!response.ok) {
    throw cannotRead(url.href, { found: `status is ${response.status}`, expected: "200" });
  }
  return await response.json();
}
