// What a user of a command did wrong, as a type of its own.
import { Mistake, type MistakeParts } from "../../core/base/mistake.ts";

/** A mistake in the arguments: one line for a person, and exit code 2. */
export class UsageError extends Mistake {
  override readonly name = "UsageError";

  constructor(parts: MistakeParts, options?: ErrorOptions) {
    super("usage", parts, options);
  }
}
