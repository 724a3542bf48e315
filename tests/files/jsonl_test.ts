import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { fitOf, LogGone, openJsonl, readJsonl } from "../../files/jsonl.ts";
import { Mistake } from "../../core/base/mistake.ts";
import { inFolder } from "../support/in_folder.ts";

const inLog = (body: (path: string) => Promise<void>) =>
  inFolder((dir) => body(`${dir}/new/log.jsonl`));

Deno.test("openJsonl() appends lines and knows their offsets in bytes", () =>
  inLog(async (path) => {
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
  inLog(async (path) => {
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
  inLog(async (path) => {
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
  inLog(async (path) => {
    using log = await openJsonl(path);
    log.append(123);
    const rows: [number, string][] = [
      [5, "it is 4 bytes long, expected at least 5. Lines that were there are gone"],
      [2, "a line goes across byte 2, expected its end there"],
      [-1, "truncateTo is -1, expected at least 0"],
    ];
    for (const [truncateTo, message] of rows) {
      const error = await assertRejects(() => openJsonl(path, { truncateTo }), Mistake);
      assertEquals(error.message, `Cannot cut ${path}: ${message}`);
    }
    assertEquals(await Deno.readTextFile(path), "123\n");
  }));

Deno.test("openJsonl() append() refuses what JSON has no text for, and close() twice is once", () =>
  inLog(async (path) => {
    using log = await openJsonl(path);
    const error = assertThrows(() => log.append(undefined), TypeError);
    assertEquals(error.message, `Cannot append to ${path}: the value is undefined, expected JSON`);
    assertEquals(log.offset, 0);
    log.close();
  }));

Deno.test("openJsonl() append() keeps NaN, infinities and −0 for readJsonl()", () =>
  inLog(async (path) => {
    using log = await openJsonl(path);
    const row = { loss: NaN, rest: [Infinity, -Infinity, -0, "NaN"] };
    log.append(row);
    const [back] = await readJsonl(path) as [typeof row];
    assertEquals(back, row);
    assertEquals(Object.is(back.rest[2], -0), true);
  }));

Deno.test("openJsonl() goes on from a mark, and refuses a file that begins with other bytes", () =>
  inLog(async (path) => {
    let mark;
    {
      using log = await openJsonl(path);
      log.append({ step: 1 });
      mark = log.mark();
      log.append({ step: 2 });
    }
    {
      using log = await openJsonl(path, { truncateTo: mark });
      assertEquals(log.mark(), mark);
      assertEquals(await Deno.readTextFile(path), '{"step":1}\n');
      log.append({ step: 3 });
      assertEquals(await fitOf(path, log.mark()), "fits");
    }
    await Deno.writeTextFile(path, '{"step":7}\n{"step":3}\n');
    await assertRejects(
      () => openJsonl(path, { truncateTo: mark }),
      Mistake,
      "its first 11 bytes were changed since they were written",
    );
    assertEquals(await fitOf(path, mark), "changed");
    assertEquals(await fitOf(path, { ...mark, bytes: 99 }), "short");
    assertEquals(await fitOf(`${path}.no`, mark), "short");
  }));

Deno.test("readJsonl() passes over a torn last line, and reads no more bytes than it is told", () =>
  inLog(async (path) => {
    (await openJsonl(path)).close();
    const whole = '{"a":1}\n{"a":"é"}\n';
    const bytes = new TextEncoder().encode(whole);
    for (let cut = 8; cut < bytes.length - 1; cut++) {
      await Deno.writeFile(path, bytes.subarray(0, cut));
      assertEquals((await readJsonl(path)).length, cut < bytes.length - 1 ? 1 : 2, `cut at ${cut}`);
    }
    await Deno.writeFile(path, bytes);
    assertEquals(await readJsonl(path, { bytes: 8 }), [{ a: 1 }]);
  }));

Deno.test("openJsonl() ends where its file was removed, moved or replaced", () =>
  inLog(async (path) => {
    using log = await openJsonl(path);
    log.append(1);
    await Deno.rename(path, `${path}.moved`);
    await assertRejects(() => log.sync(), LogGone, "moved or removed while it was written");
    await Deno.writeTextFile(path, "1\n");
    await assertRejects(() => log.sync(), LogGone);
    await Deno.remove(`${path}.moved`);
    assertThrows(() => log.append(2), LogGone);
  }));

Deno.test("readJsonl() names the line that is no JSON", () =>
  inLog(async (path) => {
    (await openJsonl(path)).close();
    await Deno.writeTextFile(path, '{"a":1}\n\n{"a":\n');
    const error = await assertRejects(() => readJsonl(path), Mistake);
    assertEquals(
      error.message,
      `Cannot read ${path}: line 3 is not JSON, expected one value a line`,
    );
  }));

Deno.test("openJsonl() append() that fails half-way leaves no part of the line", () =>
  inLog(async (path) => {
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
