import { assertEquals, assertThrows } from "@std/assert";
import { requireOneOf } from "../../../cli/flags/one_of.ts";
import { UsageError } from "../../../cli/terminal/mistake.ts";

/** What is read, by whichever of the two names it. */
function sourceOf(values: { readonly maxNew?: string; readonly pairs?: string }): string {
  requireOneOf("try", values);
  return values.pairs === undefined ? values.maxNew : values.pairs; // each a text, so says the type
}

Deno.test("requireOneOf() leaves the one that is given, and says of two or none what was expected", () => {
  assertEquals([sourceOf({ pairs: "p" }), sourceOf({ maxNew: "m", pairs: undefined })], ["p", "m"]);
  for (const [values, how] of [[{}, "not"], [{ maxNew: "m", pairs: "" }, "both"]] as const) {
    const { message } = assertThrows(
      () => requireOneOf("try", { maxNew: undefined, pairs: undefined, ...values }),
      UsageError,
    );
    assertEquals(
      message,
      `Cannot try: --max-new and --pairs are ${how} given, expected one of them`,
    );
  }
});
