// `--prompts FILE`: prompts as lines, JSON or JSON lines, and which of them are held out to evaluate on.
import { fold, keyOf, permutation } from "../core/mod.ts";
import { UsageError } from "./flags.ts";

/** What is trained on, and what is evaluated on. */
export interface PromptSplit<T = string> {
  /** In the order of the file. */
  readonly train: readonly T[];
  /** In the order of the file. */
  readonly evaluation: readonly T[];
}

/**
 * Reads prompts out of a file's text.
 *
 * @param text One prompt a line; for `.json` an array, for `.jsonl` one value a line, each a string or an object
 * with `prompt`.
 * @param name The file's name, which says the format.
 * @returns Every prompt once, in order.
 * @throws {UsageError} If an entry is no prompt, or there are fewer than two.
 */
export function parsePrompts(text: string, name: string): string[] {
  const body = text.replace(/^\ufeff/, "");
  const prompts = name.endsWith(".json")
    ? fromArray(parseJson(body, name, "the file"), name)
    : name.endsWith(".jsonl")
    ? body.split("\n").flatMap((line, i) =>
      line.trim() === ""
        ? []
        : [fromValue(parseJson(line, name, `line ${i + 1}`), name, `line ${i + 1}`)]
    )
    : body.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  const unique = [...new Set(prompts)];
  if (unique.length < 2) {
    throw new UsageError(
      `Cannot read --prompts ${name}: it has ${unique.length} different prompts, expected at least 2`,
    );
  }
  return unique;
}

function parseJson(text: string, name: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`Cannot read --prompts ${name}: ${where} is not JSON, expected JSON`);
  }
}

function fromArray(value: unknown, name: string): string[] {
  if (!Array.isArray(value)) {
    throw new UsageError(
      `Cannot read --prompts ${name}: it holds ${
        value === null ? "null" : typeof value
      }, expected an array of prompts`,
    );
  }
  return value.map((entry, i) => fromValue(entry, name, `entry ${i}`));
}

function fromValue(value: unknown, name: string, where: string): string {
  const prompt = typeof value === "object" && value !== null && "prompt" in value
    ? value.prompt
    : value;
  if (typeof prompt === "string" && prompt !== "") return prompt;
  throw new UsageError(
    `Cannot read --prompts ${name}: ${where} has no prompt, expected text or an object with prompt`,
  );
}

/**
 * Holds out at most `most` prompts and at most a quarter (at least one) to evaluate on, chosen at random and always
 * the same.
 */
export function splitPrompts<T>(prompts: readonly T[], most: number): PromptSplit<T> {
  const held = Math.max(1, Math.min(most, Math.floor(prompts.length / 4)));
  const order = permutation(fold(keyOf(0), "held-out prompts"), prompts.length);
  const out = new Set(order.subarray(0, held));
  return {
    train: prompts.filter((_, i) => !out.has(i)),
    evaluation: prompts.filter((_, i) => out.has(i)),
  };
}
