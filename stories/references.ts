// The texts that answers are compared with: the stories model's own continuations, sampled once and committed.
import { cannotRead } from "../core/base/mistake.ts";

/** How texts were sampled. */
export interface ReferenceSettings {
  /** Softmax temperature. */
  readonly temperature: number;
  /** Nucleus, 1 is off. */
  readonly topP: number;
  /** Most tokens of a text. */
  readonly maxNew: number;
}

/** Committed continuations of the evaluation prompts. */
export interface StoryReferences {
  /** How they were sampled. */
  readonly settings: ReferenceSettings;
  /** Random key that they were drawn with; streams 0, 1, 2 … in the order of the prompts. */
  readonly key: readonly [number, number];
  /** Fingerprint of the model's weights. */
  readonly model: string;
  /** The device that they were sampled on. */
  readonly device: string;
  /** One text a prompt, in the order of the evaluation prompts. */
  readonly continuations: readonly { readonly prompt: string; readonly text: string }[];
}

/**
 * Loads the committed continuations.
 *
 * @throws {Error} If the file cannot be read.
 */
export async function loadReferences(): Promise<StoryReferences> {
  const url = new URL("./assets/references.json", import.meta.url);
  const response = await fetch(url);
  if (!response.ok) {
    throw cannotRead(url.href, { found: `status is ${response.status}`, expected: "200" });
  }
  return await response.json();
}
