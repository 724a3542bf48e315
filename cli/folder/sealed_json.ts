// A JSON file that says the SHA-256 of itself, so that one changed byte is told from a file as it was written.
import { exactParse, exactStringify } from "../../core/base/exact_json.ts";
import { isObject } from "../../core/base/quote.ts";
import { writeFileDurably } from "../../files/mod.ts";
import { sha256 } from "../../core/base/sha256.ts";
import type { MistakeParts } from "../../core/base/mistake.ts";

/** The text of an object with its seal as the last field. */
async function sealedText(value: Readonly<Record<string, unknown>>): Promise<string> {
  const seal = await sha256(exactStringify(value, 2)!);
  return exactStringify({ ...value, seal }, 2) + "\n";
}

/** Writes an object with its seal, whole or not at all. */
export async function writeSealed(
  path: string,
  value: Readonly<Record<string, unknown>>,
): Promise<void> {
  await writeFileDurably(path, new TextEncoder().encode(await sealedText(value)));
}

/** A file that was read, and whether it is as it was written. */
export interface Sealed {
  /** Without its seal. */
  readonly value: Readonly<Record<string, unknown>>;
  /** "whole", "changed", or "none" where it has no seal. */
  readonly seal: "whole" | "changed" | "none";
}

/** Reads the bytes of a sealed file; undefined where they are no JSON object. */
export async function readSealed(bytes: Uint8Array): Promise<Sealed | undefined> {
  const text = new TextDecoder().decode(bytes);
  let parsed: unknown;
  try {
    parsed = exactParse(text);
  } catch {
    return undefined;
  }
  if (!isObject(parsed)) return undefined;
  const { seal, ...value } = parsed;
  if (seal === undefined) return { value, seal: "none" };
  return { value, seal: await sealedText(value) === text ? "whole" : "changed" };
}

/** What is said of a file whose seal does not fit. */
export function brokenSeal(
  seal: "changed" | "none",
): Required<Omit<MistakeParts, "verb" | "thing">> {
  return {
    found: seal === "none" ? "it has no seal" : "it was changed since it was written",
    expected: "the file as the command wrote it",
    fix: "Bring it back, or start anew",
  };
}
