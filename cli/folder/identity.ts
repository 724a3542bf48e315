// What makes two runs the same work: every setting that changes a bit of the result, and the content — not the name —
// of everything that is read. Whoever resumes, replays or compares asks here, and refuses by the first field that differs.
import { firstDifference, type RunSettings } from "../flags/run_config.ts";
import { UsageError } from "../terminal/mistake.ts";
import type { Origin } from "./trust.ts";
import { member } from "../flags/values.ts";

/** One change of a run that went on. */
export interface Change {
  /** Steps that were done. */
  readonly step: number;
  /** A field of the identity, or `config.` and a field of the flags. */
  readonly field: string;
  /** What it was; null for nothing. */
  readonly from: string | number | boolean | null;
  /** What it is since. */
  readonly to: string | number | boolean | null;
}

/** What must be the same for any run to go on bit for bit. */
export interface Identity<Config extends object = object> {
  /** The flags. */
  readonly config: Config;
  /** Device and arithmetic, e.g. "cpu, relaxed FMA". */
  readonly kernelPath: string;
  /** Fingerprint of the model's weights. */
  readonly model: string;
  /** Fingerprint of its settings: sizes, constants, end tokens. */
  readonly settings?: string;
  /** Fingerprint of its tokenizer; absent for the embedded one. */
  readonly tokenizer?: string;
  /** Fingerprint of its chat template, where it has one. */
  readonly template?: string;
  /** The folder as this machine made it. */
  readonly origin?: Origin;
  /** What changed since the run began, the oldest first. */
  readonly history?: readonly Change[];
}

/** That of a run of `train`. */
export interface RunIdentity extends Identity<RunSettings> {
  /** Fingerprint of the prompts. */
  readonly prompts: string;
  /** Fingerprint of the reference adapter, where it is a folder's. */
  readonly referenceAdapter?: string;
  /** Fingerprint of the replayed pairs. */
  readonly replayedPairs?: string;
  /** Fingerprint of the adapter that the members start from. */
  readonly startAdapter?: string;
  /** Fingerprint of the file of a `rule:` annotator. */
  readonly rule?: string;
}

/** Fields beside the flags, as people call them, in the order in which they are compared. */
const NAMES: Readonly<Record<string, string>> = {
  rule: "the rule's fingerprint",
  kernelPath: "the kernel path",
  model: "the model's fingerprint",
  settings: "the fingerprint of the model's settings",
  tokenizer: "the tokenizer's fingerprint",
  template: "the chat template's fingerprint",
  policy: "the policy's fingerprint",
  prompts: "the prompts' fingerprint",
  rows: "the rows' fingerprint",
  referenceAdapter: "the reference adapter's fingerprint",
  replayedPairs: "the replayed pairs' fingerprint",
  startAdapter: "the start adapter's fingerprint",
};

/** How two identities differ first. */
export interface Difference {
  /** Field of the identity, or `config` for a flag. */
  readonly field: string;
  /** A flag as it is typed, or the field as people call it. */
  readonly name: string;
  /** What is there now. */
  readonly found: string;
  /** What was there. */
  readonly expected: string;
}

/** What both are compared in. */
export interface CompareFields {
  /** Fields beside the flags; default all that either has. */
  readonly fields?: readonly string[];
  /** Whether flags are compared; default true. */
  readonly flags?: boolean;
}

/** The first field in which two identities differ: a flag, then the rest; undefined where they are the same work. */
export function differenceOf(
  now: Identity,
  then: Identity,
  { fields = Object.keys(NAMES), flags = true }: CompareFields = {},
): Difference | undefined {
  const names = [...new Set([...Object.keys(then.config), ...Object.keys(now.config)])];
  const flag = flags ? firstDifference(now.config, then.config, names) : undefined;
  if (flag) return { ...flag, field: "config", name: flag.flag };
  const shown = (value: unknown) => value === undefined ? "none" : String(value);
  for (const field of fields) {
    const [found, expected] = [now, then].map((one) => member(one, field));
    if (found === expected) continue;
    return { field, name: NAMES[field], found: shown(found), expected: shown(expected) };
  }
  return undefined;
}

/** Why a refusal, and what to do. */
export interface Refusal extends CompareFields {
  /** What "Cannot …" says, e.g. "resume runs/a". */
  readonly doing: string;
  /** What holds the stored identity: "config.json", "its checkpoint". */
  readonly whose: string;
  /** What to do. */
  readonly fix?: string;
}

/**
 * Refuses to go on where something differs that the result depends on.
 *
 * @throws {UsageError} Names the first field.
 */
export function requireSame(now: Identity, stored: Identity, refusal: Refusal): void {
  const difference = differenceOf(now, stored, refusal);
  if (difference === undefined) return;
  const { name, found, expected } = difference;
  const { doing, whose, fix } = refusal;
  throw new UsageError({
    verb: doing,
    found: `${name} is ${found}`,
    expected: `${expected} as ${whose} says${(fix === undefined ? "" : `. ${fix}`)}`,
  });
}
