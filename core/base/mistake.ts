// What somebody did wrong whom a message can help: one error that says it in parts, so that who catches it asks for a
// code or a part and never reads the prose.

/**
 * Where it lies: `usage` in what was asked for, `file` in a file's bytes, `data` in a dataset's rows, `model` in a model
 * and what belongs to it, `network` at another machine, `device` in the device's memory or limits, `annotator` with who
 * judges.
 */
export type MistakeCode =
  | "usage"
  | "file"
  | "data"
  | "model"
  | "network"
  | "device"
  | "annotator";

/** The parts of `Cannot VERB THING: FOUND, expected EXPECTED. FIX`. */
export interface MistakeParts {
  /** What could not be done: `read`, `go on with`, or a command's name. */
  readonly verb: string;
  /** What it was to be done with: a file, a tensor; absent where the verb says it all. */
  readonly thing?: string;
  /** What is there instead. */
  readonly found: string;
  /** What should be there; absent where `found` says so itself. */
  readonly expected?: string;
  /** What to do about it, a sentence without its full stop. */
  readonly fix?: string;
}

/**
 * A mistake that a person can mend: a file that is damaged, a flag that is wrong, a hub that does not answer. Faults of a
 * program (a shape that does not fit, memory that is gone) are TypeError, RangeError and ReferenceError instead.
 *
 * @example
 * ```ts
 * import { Mistake } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const mistake = new Mistake("file", {
 *   ...{ verb: "read", thing: "a.json", found: "the file is empty", expected: "a JSON object" },
 *   fix: "Fetch the file again",
 * });
 * assertEquals(
 *   mistake.message,
 *   "Cannot read a.json: the file is empty, expected a JSON object. Fetch the file again",
 * );
 * assertEquals([mistake.code, mistake.thing], ["file", "a.json"]);
 * ```
 */
export class Mistake extends Error implements MistakeParts {
  /** What it is. */
  override readonly name: string = "Mistake";
  /** Where it lies. */
  readonly code: MistakeCode;
  /** What could not be done. */
  readonly verb: string;
  /** What it was to be done with. */
  readonly thing: string | undefined;
  /** What is there instead. */
  readonly found: string;
  /** What should be there. */
  readonly expected: string | undefined;
  /** What to do about it. */
  readonly fix: string | undefined;

  /**
   * Says the parts.
   *
   * @param options `cause`: what led to it.
   */
  constructor(code: MistakeCode, parts: MistakeParts, options?: ErrorOptions) {
    super(sentence(parts), options);
    this.code = code;
    this.verb = parts.verb;
    this.thing = parts.thing;
    this.found = parts.found;
    this.expected = parts.expected;
    this.fix = parts.fix;
  }

  /** What is wrong and what was expected, without what could not be done: `it is empty, expected text`. */
  get why(): string {
    return whyOf(this);
  }

  /** The parts with some of them changed, to be said again by somebody else. */
  partsWith(changes: Partial<MistakeParts>): MistakeParts {
    const { verb, thing, found, expected, fix } = this;
    return { verb, thing, found, expected, fix, ...changes };
  }
}

/**
 * A file that cannot be read: `Cannot read THING: …`, code `file`.
 *
 * @param thing The file, as the user knows it.
 * @param parts What is wrong with it.
 */
export function cannotRead(
  thing: string,
  parts: Omit<MistakeParts, "verb" | "thing">,
  options?: ErrorOptions,
): Mistake {
  return new Mistake("file", { verb: "read", thing, ...parts }, options);
}

function sentence(parts: MistakeParts): string {
  const { verb, thing, fix } = parts;
  const what = thing === undefined ? verb : `${verb} ${thing}`;
  return `Cannot ${what}: ${whyOf(parts)}${fix === undefined ? "" : `. ${fix}`}`;
}

function whyOf({ found, expected }: MistakeParts): string {
  return expected === undefined ? found : `${found}, expected ${expected}`;
}
