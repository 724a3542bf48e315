import { assertEquals, assertStringIncludes } from "@std/assert";
import { endOf } from "../../../cli/terminal/ending.ts";
import { Interrupted } from "../../../cli/terminal/interrupt.ts";
import { UsageError } from "../../../cli/terminal/mistake.ts";
import { NoVerdict } from "../../../core/annotator/no_verdict.ts";
import { recordingTerminal } from "../../support/tiny_run.ts";

const PROGRAM = { verb: "try", goOn: (dir: string) => `Look into ${dir}` };

/** The exit code, and all lines. */
function said(error: unknown, signal?: AbortSignal): readonly [number, ...string[]] {
  const terminal = recordingTerminal();
  return [endOf(error, PROGRAM, { terminal, signal }), ...terminal.lines];
}

Deno.test("endOf() says a mistake in one line, with the exit code of its kind", () => {
  assertEquals(said(new UsageError({ verb: "see", found: "it is\n  a" })), [
    2,
    "Cannot see: it is a",
  ]);
  const silent = new NoVerdict({ verb: "try", found: "all 2 verdicts failed" });
  assertEquals(said(silent), [1, silent.message]);
  assertEquals(said(silent, AbortSignal.abort()), [130, "Interrupted"]);
  assertEquals(said(new Deno.errors.BrokenPipe("gone"), AbortSignal.abort()), [141]);
  const [code, line] = said(new Deno.errors.NotFound("No such file (os error 2): open 'x'"));
  assertEquals(code, 2);
  assertStringIncludes(line, "Cannot try: 'x': no such file");
});

Deno.test("endOf() of a run that ended early says how to go on, and whether a signal ended it", () => {
  const early = new Interrupted("disk full", "runs/x");
  assertEquals(said(early), [1, "disk full. Look into runs/x"]);
  assertEquals(said(early, AbortSignal.abort()), [130, "disk full. Look into runs/x"]);
});

Deno.test("endOf() of a fault of the program has its stack", () => {
  const [code, text] = said(new Error("a bug"));
  assertEquals(code, 1);
  assertStringIncludes(text, "a bug\n    at ");
  assertEquals(said("thrown"), [1, "thrown"]);
});
