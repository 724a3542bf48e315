// Formats fill in as Python's, within the budget. (More of them are compared with Python's in template_interpreter_test.ts.)
import { assertEquals, assertThrows } from "@std/assert";
import { formatBraces, formatPercent } from "../../../../core/text/template/format.ts";
import { make } from "../../../../core/text/template/make.ts";
import { TemplateMeter } from "../../../../core/text/template/meter.ts";

const meter = () => new TemplateMeter({ steps: 1000, characters: 100 });
const none = new Map();

Deno.test("formatPercent() fills in by place and by name", () => {
  const values = [make.text("a"), make.integer(-5), make.float(2.5)];
  assertEquals(formatPercent("%s %04d %+.1f%%", values, none, meter()), "a -005 +2.5%");
  const named = new Map([["k", make.integer(255)]]);
  assertEquals(formatPercent("%(k)x|%(k)-5d|", [], named, meter()), "ff|255  |");
  assertThrows(() => formatPercent("%s", [], none, meter()), Error, "wants more values");
  assertThrows(() => formatPercent("", values, none, meter()), Error, "is given more values");
  assertThrows(() => formatPercent("%99999d", [make.integer(1)], none, meter()), Error, "100");
});

Deno.test("formatBraces() fills in by place and by name", () => {
  const values = [make.text("a"), make.integer(1234567)];
  assertEquals(formatBraces("{1:,}{0:>3}{{}}{0!r}", values, none, meter()), "1,234,567  a{}'a'");
  assertThrows(() => formatBraces("{", [], none, meter()), Error, "a brace alone");
  assertThrows(() => formatBraces("{0.x}", values, none, meter()), Error, "a brace alone");
  assertThrows(() => formatBraces("{:9999}", values, none, meter()), Error, "100 characters");
});
