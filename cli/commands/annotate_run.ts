// What `leash annotate` keeps beside its result: FILE.verdicts.jsonl, every verdict in a line, and FILE.run.json, what
// made them, so that a command that goes on is the same work or is refused.
import { ruleFileOf } from "../judge/annotators.ts";
import { acceptedFields, continued, fixOf } from "../folder/changes.ts";
import { readChained } from "../folder/chained_log.ts";
import { UsageError } from "../terminal/mistake.ts";
import { differenceOf, type Identity, requireSame } from "../folder/identity.ts";
import { rulePrint } from "../judge/rule_print.ts";
import { FORMATS, parseIdentity } from "../folder/run_folder.ts";
import { isThere } from "../../files/durable/disk.ts";
import { writeSealed } from "../folder/sealed_json.ts";
import { requireNewOut } from "../terminal/system_mistake.ts";
import { statIfThere } from "../../files/small_file.ts";

/** What an annotation is made with. */
export interface AnnotateIdentity extends Identity<Readonly<Record<string, unknown>>> {
  /** Fingerprint of the policy that answers, with its model's; absent where answers are a file's. */
  readonly policy?: string;
  /** Fingerprint of a rule's file. */
  readonly rule?: string;
}

/** Flags whose files are known by their content, and those that change no verdict. */
const LEFT_OUT = [
  ...["model", "adapter", "data", "pairs", "limit", "out", "resume", "acceptChange", "date"],
  ...["device", "threads", "trustRule", "ruleTimeout"],
];

/** Flags that a run is opened by. */
export interface AnnotateFlags {
  /** Who. */
  readonly annotator: string;
  /** The dataset to write. */
  readonly out: string;
  /** Whether it goes on. */
  readonly resume: boolean;
  /** What may differ. */
  readonly acceptChange?: string;
}

/** Files of an annotation that is about to begin or to go on. */
export interface AnnotateRun {
  /** Path of the verdicts. */
  readonly log: string;
  /** Verdicts that are there. */
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  /** Refuses other work than the lines are of, and writes down what this is. */
  begin(now: Omit<AnnotateIdentity, "config" | "rule">): Promise<void>;
}

/**
 * Looks at what is there, before a rule is loaded: its bytes, the flags and the fingerprint of the rule.
 *
 * @throws {UsageError} If something is there that was not to be gone on with, or was changed, or is other work.
 */
export async function openAnnotateRun(flags: AnnotateFlags): Promise<AnnotateRun> {
  const log = `${flags.out}.verdicts.jsonl`, file = `${flags.out}.run.json`;
  const accepted = acceptedFields(flags.acceptChange);
  if (accepted.length > 0 && !flags.resume) {
    throw new UsageError({
      verb: "annotate",
      found: "--accept-change is given without --resume",
      expected: "the run that changed",
    });
  }
  for (const path of [flags.out, log, file]) {
    if (!flags.resume) {
      await requireNewOut("annotate", path, ". To go on with it, add --resume");
    } else if ((await statIfThere(path))?.isDirectory) {
      throw new UsageError({
        verb: "annotate",
        found: `${path} is a folder`,
        expected: "a file for --out",
      });
    }
  }
  const config = Object.fromEntries(
    Object.entries(flags).filter(([name]) => !LEFT_OUT.includes(name)),
  );
  const rule = await rulePrint(ruleFileOf(flags.annotator));
  const lines = await isThere(log) ? await readChained(log) : [];
  const stored = await isThere(file)
    ? await parseIdentity<AnnotateIdentity>(file, FORMATS.annotate)
    : undefined;
  if (stored === undefined && lines.length > 0) {
    throw new UsageError({
      verb: "go on with",
      thing: log,
      found: `${file} is missing`,
      expected: "what says how its verdicts were made",
      fix: "Bring it back, or start anew with another --out",
    });
  }
  const doing = `go on with ${flags.out}`;
  if (stored !== undefined) {
    const now = { ...stored, config, ...(accepted.includes("rule") ? {} : { rule }) };
    const fields = ["rule"];
    const fix = fixOf(differenceOf(now, stored, { fields }));
    requireSame(now, stored, { doing, whose: file, fields, fix });
  }
  return {
    log,
    lines,
    async begin(rest) {
      const now: AnnotateIdentity = { config, ...rest, ...(rule === undefined ? {} : { rule }) };
      const identity = stored === undefined
        ? now
        : continued(flags.out, now, stored, { accepted, step: lines.length, doing, whose: file });
      await writeSealed(file, { format: FORMATS.annotate, ...identity });
    },
  };
}
