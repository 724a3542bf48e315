// Two flags that say the same thing in different ways: just one of them is given.
import { UsageError } from "../terminal/mistake.ts";
import { flagOf } from "./kinds.ts";
import { dashed } from "./parser.ts";

/** One field with its value, and no other. */
export type OneOf<Values> = {
  [One in keyof Values]:
    & { readonly [Field in One]-?: NonNullable<Values[One]> }
    & { readonly [Field in Exclude<keyof Values, One>]?: undefined };
}[keyof Values];

/**
 * Refuses two flags that are both given, or both not.
 *
 * @param command What "Cannot …" says.
 * @param values Both by field; undefined where one is not given.
 * @throws {UsageError} If not just one of them has a value.
 */
export function requireOneOf<Values extends object>(
  command: string,
  values: Values,
): asserts values is Values & OneOf<Values> {
  const given = Object.values(values).filter((value) => value !== undefined);
  if (given.length === 1) return;
  const flags = Object.keys(values).map((field) => dashed(flagOf(field))).join(" and ");
  throw new UsageError({
    verb: command,
    found: `${flags} are ${given.length === 0 ? "not" : "both"} given`,
    expected: "one of them",
  });
}
