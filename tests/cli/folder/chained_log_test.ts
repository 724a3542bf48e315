import { assertEquals, assertRejects } from "@std/assert";
import { openChained, readChained } from "../../../cli/folder/chained_log.ts";
import { UsageError } from "../../../cli/terminal/mistake.ts";

const LINES = [{ a: 1, text: "é" }, { a: NaN }, { a: "NaN", b: [1e-7, -0] }];

async function inLog(body: (path: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    const path = `${dir}/log.jsonl`;
    {
      using log = await openChained(path);
      for (const line of LINES.slice(0, 2)) log.append(line);
      await log.sync();
    }
    using log = await openChained(path); // goes on with the chain
    log.append(LINES[2]);
    await body(path);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("readChained() gives back what openChained() appended", () =>
  inLog(async (path) => assertEquals(await readChained(path), LINES)));

Deno.test("readChained() refuses every changed byte by its line, and what lies before is whole", () =>
  inLog(async (path) => {
    const bytes = await Deno.readFile(path);
    let line = 1;
    for (let at = 0; at < bytes.length - 1; at++) { // without the last newline the last line is torn
      const changed = bytes.slice();
      changed[at] ^= 1;
      await Deno.writeFile(path, changed);
      await assertRejects(() => readChained(path), UsageError, `line ${line} or its hash`);
      if (bytes[at] === 0x0a) line++;
    }
  }));

Deno.test("readChained() of a log that is cut anywhere has the whole lines before the cut", () =>
  inLog(async (path) => {
    const bytes = await Deno.readFile(path);
    for (let cut = 0; cut <= bytes.length; cut++) {
      await Deno.writeFile(path, bytes.subarray(0, cut));
      const whole = bytes.subarray(0, cut).filter((byte) => byte === 0x0a).length;
      assertEquals(await readChained(path), LINES.slice(0, whole), `cut at ${cut}`);
    }
  }));

Deno.test("readChained() refuses a line that was taken out", () =>
  inLog(async (path) => {
    const lines = (await Deno.readTextFile(path)).split("\n");
    await Deno.writeTextFile(path, [lines[0], lines[2], ""].join("\n"));
    await assertRejects(() => readChained(path), UsageError, "line 2");
  }));
