import { assertEquals } from "@std/assert";
import { type ByteSink, openTerminal, printData } from "../../../cli/terminal/terminal.ts";

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

Deno.test("openTerminal() shows strangers' controls on a terminal, each stream for itself, and pipes them as they are", () => {
  const text = "a\x1b[2J\u202eb\r";
  const out = sink(false), errors = sink(true);
  const piped = openTerminal(out, errors, () => 80);
  piped.line(text);
  piped.write(text);
  piped.data(text);
  piped.error(text);
  assertEquals(out.text, `${text}\n${text}${text}\n`);
  assertEquals(errors.text, "a\\u001b[2J\\u202eb\\r\n");
  const shown = sink(true);
  const terminal = openTerminal(shown, sink(false), () => 80);
  terminal.line(text);
  terminal.data(text);
  terminal.write(text);
  terminal.status(`${text}\n`);
  const strange = shown.text.replaceAll("\r\x1b[K", "");
  assertEquals(["\x1b", "\u202e", "\r"].filter((c) => strange.includes(c)), [], strange);
  assertEquals(shown.text.endsWith("\r\x1b[Ka\\u001b[2J\\u202eb\\r\\n"), true, shown.text);
});

Deno.test("openTerminal() breaks lines between words, data never, and streamed words once they are whole", () => {
  const out = sink(true);
  const terminal = openTerminal(out, sink(true), () => 12);
  terminal.line("one two three four");
  terminal.data("one two three four");
  for (const piece of ["one t", "wo thr", "ee four"]) terminal.write(piece);
  terminal.line();
  assertEquals(
    out.text,
    "one two\nthree four\none two three four\none two \nthree four\n",
  );
});

Deno.test("a pipe hears the status when nothing was printed for half a minute", () => {
  let now = 0;
  const out = sink(false), errors = sink(false);
  const terminal = openTerminal(out, errors, () => 80, () => now);
  terminal.status("step 1");
  now = 20_000;
  terminal.pulse();
  assertEquals(errors.text, "");
  now = 29_000;
  terminal.pulse();
  assertEquals([out.text, errors.text], ["", "step 1\n"]);
  terminal.status("step 2");
  now = 55_000;
  terminal.line("data");
  now = 60_000;
  terminal.pulse();
  assertEquals(errors.text, "step 1\n"); // something was printed in between
  terminal.keepLog();
  now = 90_000;
  terminal.status("step 3");
  assertEquals(out.text, "data\nstep 3\n");
  terminal.status("");
  now = 200_000;
  terminal.pulse();
  assertEquals([out.text, errors.text], ["data\nstep 3\n", "step 1\n"]);
});

Deno.test("openTerminal() says no password of an address, on no stream that is ours", () => {
  const address = "https://user:secret@host/x?token=secret";
  for (const isTty of [true, false]) {
    const out = sink(isTty), errors = sink(isTty);
    const terminal = openTerminal(out, errors, () => 80);
    terminal.error(address);
    terminal.status(address);
    terminal.keepLog();
    terminal.line(address);
    assertEquals((out.text + errors.text).includes("secret"), false, out.text);
    assertEquals(errors.text, "https://…@host/x?token=…\n");
  }
});

Deno.test("printData() is data where a terminal has some, else a line", () => {
  const said: string[] = [];
  const terminal = {
    ...{ isTty: false, columns: 80, status: () => {}, error: () => {} },
    line: (text = "") => void said.push(`line ${text}`),
  };
  printData("{}", terminal);
  printData("{}", { ...terminal, data: (text) => void said.push(`data ${text}`) });
  assertEquals(said, ["line {}", "data {}"]);
});
