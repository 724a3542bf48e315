// What a user did wrong, or what nobody answered: an error of one line, told from a fault of the program.
import { withoutSecrets } from "../../core/base/secrets.ts";

/** A mistake in the arguments: one line for a person, and exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Nobody said anything: the annotator is broken, or what it was asked is. */
export class NoVerdict extends Error {
  override readonly name = "NoVerdict";
}

/** A user's text in a one-line message. */
export function quote(text: string): string {
  const said = withoutSecrets(text);
  return JSON.stringify(said.length > 80 ? said.slice(0, 79) + "…" : said);
}
