// What a parser may do with a bad file: succeed, or throw one readable line. All else is a finding.
import { Mistake } from "../../core/base/mistake.ts";

const LONGEST_MESSAGE = 1200;

/** What is wrong with an error that a parser threw; undefined where it is as it should be. */
export function faultOf(error: unknown): string | undefined {
  if (!(error instanceof Mistake)) {
    return `it threw ${error instanceof Error ? error.name : typeof error}, expected a Mistake`;
  }
  const { message } = error;
  // deno-lint-ignore no-control-regex -- they are what is looked for
  if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/.test(message)) {
    return "its message has control characters or more than one line";
  }
  if (message.length > LONGEST_MESSAGE) {
    return `its message is over ${LONGEST_MESSAGE} characters long`;
  }
  return undefined;
}

/** A message without its numbers and names: inputs of one shape fail in one way. */
export function shapeOf(message: string): string {
  return message.replace(/"(?:[^"\\]|\\.)*"/g, '""').replace(/[\d.]+/g, "0").slice(0, 160);
}

/** An error as it is told: its kind and fault, its message, where it came from. */
export function describe(error: unknown): string {
  return error instanceof Error ? error.stack ?? `${error.name}: ${error.message}` : String(error);
}
