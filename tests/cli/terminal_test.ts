import { assertEquals } from "@std/assert";
import { type ByteSink, openTerminal } from "../../cli/terminal.ts";

function sink(isTerminal: boolean, most = Infinity): ByteSink & { text: string } {
  return {
    text: "",
    isTerminal: () => isTerminal,
    writeSync(bytes) {
      const part = bytes.subarray(0, most);
      this.text += new TextDecoder().decode(part);
      return part.length;
    },
  };
}

Deno.test("openTerminal() redraws the status line under what is printed", () => {
  const out = sink(true), errors = sink(true);
  const terminal = openTerminal(out, errors, () => 6);
  terminal.status("working hard");
  terminal.line("done");
  terminal.status("");
  terminal.error("bad");
  assertEquals(out.text, "\r\x1b[Kworki\r\x1b[Kdone\nworki\r\x1b[K");
  assertEquals(errors.text, "bad\n");
});

Deno.test("openTerminal() draws no status where there is no terminal, and survives short writes", () => {
  const out = sink(false, 2);
  const terminal = openTerminal(out, sink(false));
  terminal.status("working");
  terminal.line("a line");
  assertEquals([out.text, terminal.columns, terminal.isTty], ["a line\n", 100, false]);
});

Deno.test("openTerminal() writes pieces of text as they are", () => {
  const out = sink(true);
  const terminal = openTerminal(out, sink(true), () => 80);
  for (const piece of ["a", "é\n", ""]) terminal.write!(piece);
  assertEquals(out.text, "aé\n");
});
