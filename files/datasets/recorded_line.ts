// A line of a run's pairs, field by field; what is wrong names the file, the line and the field.
import { isObject, show } from "../../core/base/quote.ts";
import type { RecordedAnswer, TrlMessage } from "../../core/formats/datasets/trl_columns.ts";
import { Mistake } from "../../core/base/mistake.ts";

/**
 * Checks one line's fields; errors name the file, the line and the field. Each method gives a value of the line as its
 * type, and refuses any other.
 */
export class Line {
  constructor(
    readonly row: Readonly<Record<string, unknown>>,
    readonly file: string,
    readonly at: number,
  ) {}

  /**
   * Refuses a field.
   *
   * @throws {Mistake} Always: the file, the line, the field, what it is and what was wanted.
   */
  wrong(field: string, value: unknown, wanted: string): never {
    const found = value === undefined ? "missing" : show(value);
    throw new Mistake("data", {
      verb: "export",
      thing: this.file,
      found: `line ${this.at} ${field} is ${found}`,
      expected: wanted,
    });
  }

  /** A field that is text. */
  text(value: unknown, field: string): string {
    return typeof value === "string" ? value : this.wrong(field, value, "text");
  }

  /** A field that is a finite number. */
  number(value: unknown, field: string): number {
    return Number.isFinite(value) ? value as number : this.wrong(field, value, "a number");
  }

  /** A field that is a whole number from 0 which a column of INT32 holds. */
  count(value: unknown, field: string): number {
    return isCount(value) ? value : this.wrong(field, value, "a whole number from 0 to 2147483647");
  }

  /** The same, or null where the line does not say it. */
  countOrNull(value: unknown, field: string): number | null {
    return value === undefined || value === null ? null : this.count(value, field);
  }

  /** A field that is token ids. */
  ids(value: unknown, field: string): number[] {
    return Array.isArray(value) && value.every(isCount)
      ? value
      : this.wrong(field, value, "token ids");
  }

  /** One of the two answers: its ids, a behaviour log-prob of each, its text, and its reference log-prob, nats. */
  answer(name: "a" | "b") {
    const answer = this.row[name];
    if (!isObject(answer)) return this.wrong(name, answer, "an answer");
    const ids = this.ids(answer.ids, `${name}.ids`);
    const { logps } = answer;
    if (!Array.isArray(logps) || logps.length !== ids.length || !logps.every(Number.isFinite)) {
      return this.wrong(`${name}.logps`, logps, `${ids.length} log-probs`);
    }
    const said: RecordedAnswer = {
      text: this.text(answer.text, `${name}.text`),
      ...(typeof answer.spelled === "string" ? { spelled: answer.spelled } : {}),
      isExact: answer.isExact === true,
      ...(isTurns(answer.turns) ? { turns: answer.turns } : {}),
    };
    return {
      ids,
      said,
      logps: logps as number[],
      finish: this.text(answer.finish, `${name}.finish`),
      reference: this.number(answer.referenceLogp, `${name}.referenceLogp`),
    };
  }
}

/** What a column of INT32 holds, from 0. */
const isCount = (value: unknown): value is number =>
  Number.isInteger(value) && value as number >= 0 && value as number < 2 ** 31;

/** Turns as a record has them. */
export function isTurns(value: unknown): value is readonly TrlMessage[] {
  return Array.isArray(value) && value.length > 0 &&
    value.every((turn) => isObject(turn) && typeof turn.role === "string");
}
