import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { openJsonl, readJsonl } from "../../../core/io/jsonl.ts";

async function inTempDir(body: (path: string) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir();
  try {
    await body(`${root}/new/log.jsonl`);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("openJsonl() appends lines and knows their offsets in bytes", () =>
  inTempDir(async (path) => {
    using log = await openJsonl(path);
    assertEquals(log.offset, 0);
    assertEquals(log.append({ text: "é\n" }), 16);
    assertEquals(log.append([1, null]), 25);
    await log.sync();
    assertEquals(log.offset, (await Deno.stat(path)).size);
    assertEquals(await Deno.readTextFile(path), '{"text":"é\\n"}\n[1,null]\n');
    assertEquals(await readJsonl(path), [{ text: "é\n" }, [1, null]]);
  }));

Deno.test("openJsonl() goes on after the last whole line and cuts a torn one off", () =>
  inTempDir(async (path) => {
    (await openJsonl(path)).close();
    const long = '"' + "x".repeat(200_000); // longer than one block of the search
    for (
      const [before, kept] of [["1\n2\n", "1\n2\n"], [`1\n${long}`, "1\n"], [long, ""], ["", ""]]
    ) {
      await Deno.writeTextFile(path, before);
      using log = await openJsonl(path);
      log.append("next");
      assertEquals(await Deno.readTextFile(path), kept + '"next"\n');
    }
  }));

Deno.test("openJsonl() truncateTo gives the file of an uninterrupted run", () =>
  inTempDir(async (path) => {
    let saved: number;
    {
      using log = await openJsonl(path);
      saved = log.append({ step: 1 });
      log.append({ step: 2, lost: true });
    }
    {
      using log = await openJsonl(path, { truncateTo: saved });
      assertEquals(log.offset, saved);
      log.append({ step: 2 });
    }
    assertEquals(await Deno.readTextFile(path), '{"step":1}\n{"step":2}\n');
    (await openJsonl(path, { truncateTo: 0 })).close();
    assertEquals(await Deno.readTextFile(path), "");
  }));

Deno.test("openJsonl() refuses a cut beyond the end, across a line, or below 0", () =>
  inTempDir(async (path) => {
    using log = await openJsonl(path);
    log.append(123);
    const rows: [number, string][] = [
      [5, "it is 4 bytes long, expected at least 5. Lines that were there are gone"],
      [2, "a line goes across byte 2, expected its end there"],
      [-1, "truncateTo is -1, expected at least 0"],
    ];
    for (const [truncateTo, message] of rows) {
      const error = await assertRejects(() => openJsonl(path, { truncateTo }), RangeError);
      assertEquals(error.message, `Cannot cut ${path}: ${message}`);
    }
    assertEquals(await Deno.readTextFile(path), "123\n");
  }));

Deno.test("openJsonl() append() refuses what JSON has no text for, and close() twice is once", () =>
  inTempDir(async (path) => {
    using log = await openJsonl(path);
    const error = assertThrows(() => log.append(undefined), TypeError);
    assertEquals(error.message, `Cannot append to ${path}: the value is undefined, expected JSON`);
    assertEquals(log.offset, 0);
    log.close();
  }));

Deno.test("readJsonl() names the line that is no JSON", () =>
  inTempDir(async (path) => {
    (await openJsonl(path)).close();
    await Deno.writeTextFile(path, '{"a":1}\n\n{"a":\n');
    const error = await assertRejects(() => readJsonl(path), TypeError);
    assertEquals(
      error.message,
      `Cannot read ${path}: line 3 is not JSON, expected one value a line`,
    );
  }));

Deno.test("openJsonl() append() that fails half-way leaves no part of the line", () =>
  inTempDir(async (path) => {
    using log = await openJsonl(path);
    log.append("first");
    const write = Deno.FsFile.prototype.writeSync;
    let calls = 0;
    Deno.FsFile.prototype.writeSync = function (part) {
      if (calls++ === 0) return write.call(this, part.subarray(0, 3)); // short, then the disk is full
      throw new Error("No space left on device");
    };
    try {
      assertThrows(() => log.append("second"), Error, "No space left");
    } finally {
      Deno.FsFile.prototype.writeSync = write;
    }
    log.append(3); // shorter than what was written of the second
    assertEquals(await Deno.readTextFile(path), '"first"\n3\n');
  }));
