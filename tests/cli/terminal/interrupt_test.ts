// In a process of its own: `deno test` takes Ctrl-C for itself.
import { assertEquals } from "@std/assert";
import { Interrupted } from "../../../cli/terminal/interrupt.ts";

const PROGRAM = `
  import { interruptSignal } from "${new URL(
  "../../../cli/terminal/interrupt.ts",
  import.meta.url,
)}";
  const terminal = { error: (text) => Deno.stdout.writeSync(new TextEncoder().encode(text + "\\n")) };
  const signal = interruptSignal(terminal);
  signal.addEventListener("abort", () => terminal.error("aborted: " + signal.reason.message));
  terminal.error("ready");
  setTimeout(() => Deno.exit(1), 20_000);
`;

for (const [first, second] of [["SIGINT", "SIGINT"], ["SIGTERM", "SIGINT"]] as const) {
  Deno.test({
    name: `interruptSignal() aborts at ${first} and ends the process at the next ${second}`,
    ignore: Deno.build.os === "windows", // which has no way to send them
    fn: async () => {
      const child = new Deno.Command(Deno.execPath(), {
        args: ["eval", "--ext=ts", PROGRAM],
        stdin: "null",
        stdout: "piped",
        stderr: "null",
      }).spawn();
      const printed: string[] = [];
      for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
        printed.push(text);
        if (text.includes("ready")) child.kill(first);
        if (text.includes("aborted")) child.kill(second);
      }
      assertEquals((await child.status).code, 130);
      assertEquals(printed.join("").trim().split("\n"), [
        "ready",
        "Stopping at the next safe moment; once more to stop at once",
        "aborted: Interrupted",
      ]);
    },
  });
}

Deno.test({
  name: "interruptSignal() asks who holds it first, and aborts without a word where it is told to",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const program = PROGRAM + `
      let heard = 0;
      signal.hold(() => { terminal.error("held"); return ++heard < 2; });
    `;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["eval", "--ext=ts", program],
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    let printed = "", sent = 0;
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      printed += text;
      const due = ["ready", "held", "aborted"].filter((word) => printed.includes(word)).length;
      for (; sent < due; sent++) child.kill("SIGINT");
    }
    assertEquals((await child.status).code, 130);
    assertEquals(printed.trim().split("\n"), ["ready", "held", "held", "aborted: Interrupted"]);
  },
});

Deno.test("Interrupted.by() says the signal, else what was thrown", () => {
  const error = new Error("disk full");
  const thrown = Interrupted.by(error, "runs/x", new AbortController().signal);
  assertEquals([thrown.message, thrown.dir, thrown.cause], ["disk full", "runs/x", error]);
  assertEquals(Interrupted.by(error, "runs/x", AbortSignal.abort()).message, "Interrupted");
});

// The thread of a rule cannot be ended from outside once it loops: the program must be.
for (
  const [signal, rule] of [
    ["SIGINT", "() => { console.log('asked'); for (;;); }"],
    ["SIGTERM", "async () => { await undefined; console.log('asked'); for (;;); }"],
  ] as const
) {
  Deno.test({
    name: `a rule that loops for ever ends by ${signal}`,
    ignore: Deno.build.os === "windows",
    fn: async () => {
      const dir = await Deno.makeTempDir();
      await Deno.writeTextFile(`${dir}/rule.js`, `export default ${rule};`);
      const row = { prompt: "p", chosen: "a", rejected: "b" };
      await Deno.writeTextFile(`${dir}/pairs.jsonl`, JSON.stringify(row) + "\n");
      const main = new URL("../../../cli/main.ts", import.meta.url).pathname;
      const command = `annotate --pairs ${dir}/pairs.jsonl --out ${dir}/out.jsonl`;
      const child = new Deno.Command(Deno.execPath(), {
        args: [
          ...["run", "--no-check", "--no-prompt", "--allow-read", "--allow-write", main],
          ...`${command} --annotator rule:${dir}/rule.js`.split(" "),
        ],
        stdin: "null",
        stdout: "null",
        stderr: "piped",
      }).spawn();
      let printed = "", isSent = false;
      for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
        printed += text;
        if (isSent || !printed.includes("asked")) continue;
        isSent = true;
        child.kill(signal);
      }
      assertEquals((await child.status).code, 130, printed);
      assertEquals(printed.trim().split("\n").slice(-2), [
        "Stopping at the next safe moment; once more to stop at once",
        "Interrupted",
      ]);
      await Deno.remove(dir, { recursive: true });
    },
  });
}
