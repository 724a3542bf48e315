import { assertEquals } from "@std/assert";
import type { Annotator, Verdict } from "../../../core/mod.ts";
import { readJsonl } from "../../../files/mod.ts";
import {
  type Failures,
  failuresLine,
  heard,
  hearingFailures,
  tellFailures,
} from "../../../cli/judge/failures.ts";

const failed = (reason: string): Verdict => ({ outcome: "failed", reason });
const PAIR = { prompt: "p", a: "a", b: "b" };

function answering(name: string, verdicts: Verdict[]): Annotator {
  return { name, annotate: () => Promise.resolve(verdicts) };
}

Deno.test("hearingFailures() hears of failures before anybody has the verdicts, and of nothing else", async () => {
  const heardOf: Failures[] = [];
  const hear = async (failures: Failures) => {
    await undefined;
    heardOf.push(failures);
  };
  await hearingFailures(answering("calm", [{ outcome: "a" }]), hear).annotate([PAIR]);
  assertEquals(heardOf, []);
  const verdicts = [failed("x"), { outcome: "a" as const }];
  const given = await hearingFailures(answering("weak", verdicts), hear).annotate([PAIR, PAIR]);
  assertEquals(given, verdicts);
  const reasons = [{ reason: "x", count: 1 }];
  assertEquals(heardOf, [{ annotator: "weak", failed: 1, of: 2, reasons }]);
});

Deno.test("heard() is on every annotator of a run", async () => {
  const weak = answering("weak", [failed("x")]), names: string[] = [];
  const all = heard(
    { training: weak, evaluation: weak, heldOut: weak },
    ({ annotator }) => Promise.resolve(void names.push(annotator)),
  );
  for (const one of Object.values(all)) await one.annotate([PAIR]);
  assertEquals(names.length, 3);
  assertEquals(Object.keys(heard({ training: weak }, () => Promise.resolve())), ["training"]);
});

Deno.test("tellFailures() prints the first reasons and keeps all of them in the folder", async () => {
  const dir = await Deno.makeTempDir(), lines: (string | undefined)[] = [];
  const terminal = { line: (text?: string) => void lines.push(text) };
  const reasons = ["a", "b", "c", "d"].map((reason) => ({ reason, count: 1 }));
  const failures = { annotator: "weak", failed: 4, of: 9, reasons };
  const at = { phase: 2, step: 7 };
  await tellFailures({ terminal, folder: { dir } }, at, failures);
  await tellFailures({ terminal, folder: { dir } }, at, failures);
  const line = "4 of 9 verdicts of weak failed: a (once); b (once); c (once); 1 other reason";
  assertEquals(lines, Array(2).fill(`${line} (all in failures.jsonl)`));
  assertEquals(await readJsonl(`${dir}/failures.jsonl`), Array(2).fill({ ...at, ...failures }));
  assertEquals(failuresLine({ ...failures, of: 1 }).startsWith("4 of 1 verdict of"), true);
  await Deno.remove(dir, { recursive: true });
});
