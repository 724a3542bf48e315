// What may change in a run that goes on: its length, and what its user accepts by name. Every change stands in
// config.json with the step at which it was made, so that a run still says how it came about.
import { UsageError } from "../terminal/mistake.ts";
import {
  type Change,
  type Difference,
  differenceOf,
  type Identity,
  requireSame,
} from "./identity.ts";
import { member } from "../flags/values.ts";

/** What `--accept-change` takes, and the fields of an identity that each is about. */
const ACCEPTABLE: Readonly<Record<string, readonly string[]>> = {
  rule: ["rule"],
  data: ["prompts", "rows"],
  template: ["template"],
  tokenizer: ["tokenizer"],
  device: ["kernelPath"],
};

/**
 * The fields that `--accept-change` names.
 *
 * @param list Names with commas between; undefined for none.
 * @throws {UsageError} If one is unknown.
 */
export function acceptedFields(list: string | undefined): readonly string[] {
  const names = (list ?? "").split(",").map((name) => name.trim()).filter((name) => name !== "");
  return names.flatMap((name) => {
    const fields = ACCEPTABLE[name];
    if (fields !== undefined) return fields;
    throw new UsageError({
      verb: "accept",
      thing: "the change",
      found: `--accept-change has "${name}"`,
      expected: `${Object.keys(ACCEPTABLE).join(", ")}, with commas between`,
    });
  });
}

type Value = Change["from"];

function isValue(value: unknown): value is Value {
  return ["string", "number", "boolean"].includes(typeof value);
}

/** The value of a change's field; null where there is none. */
function fieldOf(identity: Identity, field: string): Value {
  const [first, flag] = field.split(".");
  const value = flag === undefined ? member(identity, first) : member(identity.config, flag);
  return isValue(value) ? value : null;
}

function withField<I extends Identity>(identity: I, field: string, value: Value): I {
  const [first, flag] = field.split(".");
  if (flag === undefined) return { ...identity, [first]: value ?? undefined };
  return { ...identity, config: { ...identity.config, [flag]: value ?? undefined } };
}

/** What a run was before the last `count` of its changes. */
function rewound<I extends Identity>(identity: I, count: number): I {
  const all = identity.history ?? [];
  return all.slice(all.length - count).reverse()
    .reduce((so, { field, from }) => withField(so, field, from), identity);
}

/**
 * Refuses a checkpoint that is not of this run, as the run was when it was written.
 *
 * @param stored What config.json says.
 * @param checkpoint What the checkpoint says; undefined where the run starts again.
 * @param step Steps that it has.
 * @throws {UsageError} Names the field, or the change whose checkpoint is gone.
 */
export function requireBelongs(
  dir: string,
  stored: Identity,
  checkpoint: Identity | undefined,
  step: number,
): void {
  const history = stored.history ?? [];
  const known = checkpoint?.history?.length ?? 0;
  const late = history.findLast((change, i) => i >= known && change.step > step) ??
    (checkpoint === undefined ? history.at(-1) : undefined);
  if (late !== undefined) {
    throw new UsageError({
      verb: "resume",
      thing: dir,
      found: `the checkpoint of step ${late.step}, at which ${late.field} changed, is not whole`,
      expected: "it: an earlier one would go on with the changed run",
      fix: "Bring the checkpoint and its logs back",
    });
  }
  if (checkpoint === undefined) return;
  requireSame(rewound(stored, Math.max(0, history.length - known)), checkpoint, {
    doing: `resume ${dir}`,
    whose: "its checkpoint",
  });
}

/** What a change is judged by. */
export interface Accepting {
  /** Fields of `acceptedFields`. */
  readonly accepted: readonly string[];
  /** Flags that an extension has changed. */
  readonly extended?: readonly string[];
  /** Steps that are done. */
  readonly step: number;
  /** What "Cannot …" says; default that the folder is resumed. */
  readonly doing?: string;
  /** What holds the stored identity; default config.json. */
  readonly whose?: string;
}

/**
 * The identity of a run that goes on, with its history.
 *
 * @param now What the run is now, with the config that it goes on with.
 * @param stored What config.json says.
 * @throws {UsageError} If something differs that nobody accepted; names the first field.
 */
export function continued<I extends Identity>(
  dir: string,
  now: I,
  stored: I,
  { accepted, extended = [], step, doing = `resume ${dir}`, whose = "config.json" }: Accepting,
): I {
  const fields = [...accepted, ...extended.map((flag) => `config.${flag}`)];
  const changes: Change[] = fields.flatMap((field) => {
    const [from, to] = [fieldOf(stored, field), fieldOf(now, field)];
    return from === to ? [] : [{ step, field, from, to }];
  });
  const rest = changes.reduce((so, { field, to }) => withField(so, field, to), stored);
  const difference = differenceOf(now, rest);
  requireSame(now, rest, { doing, whose, fix: fixOf(difference) });
  const history = [...stored.history ?? [], ...changes];
  const { origin } = stored;
  return {
    ...now,
    ...(origin === undefined ? {} : { origin }),
    ...(history.length === 0 ? {} : { history }),
  };
}

/** How to go on with another value, where that may be. */
export function fixOf(difference: Pick<Difference, "field"> | undefined): string | undefined {
  const [name] = Object.entries(ACCEPTABLE)
    .find(([, fields]) => fields.includes(difference?.field ?? "")) ?? [];
  return name === undefined
    ? undefined
    : `Bring back what was there, or go on with this by --accept-change ${name}`;
}
