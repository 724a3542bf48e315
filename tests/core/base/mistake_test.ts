import { assertEquals, assertInstanceOf } from "@std/assert";
import { cannotRead, Mistake, type MistakeParts } from "../../../core/base/mistake.ts";

Deno.test("Mistake says its parts in one sentence, whichever there are", () => {
  const rows: [parts: MistakeParts, message: string, why: string][] = [
    [{ verb: "train", found: "it is late" }, "Cannot train: it is late", "it is late"],
    [
      { verb: "go on with", thing: "runs/x", found: "it is gone", expected: "it there" },
      "Cannot go on with runs/x: it is gone, expected it there",
      "it is gone, expected it there",
    ],
    [
      { verb: "read", thing: "a", found: "b", expected: "c", fix: "Do d" },
      "Cannot read a: b, expected c. Do d",
      "b, expected c",
    ],
    [{ verb: "read", thing: "a", found: "b", fix: "Do d" }, "Cannot read a: b. Do d", "b"],
  ];
  for (const [parts, message, why] of rows) {
    const mistake = new Mistake("data", parts);
    assertEquals([mistake.message, mistake.why, mistake.code], [message, why, "data"]);
    const { verb, thing, found, expected, fix } = mistake;
    assertEquals({ thing: undefined, expected: undefined, fix: undefined, ...parts }, {
      ...{ verb, thing, found, expected, fix },
    });
  }
});

Deno.test("Mistake.partsWith() changes what it is given and keeps the rest", () => {
  const mistake = new Mistake("usage", { verb: "train", thing: "x", found: "y", fix: "Do z" });
  const { message } = new Mistake("usage", mistake.partsWith({ verb: "compare", fix: undefined }));
  assertEquals(message, "Cannot compare x: y");
});

Deno.test("cannotRead() is a file's mistake with its cause", () => {
  const cause = new Error("why");
  const mistake = cannotRead("a.json", { found: "it is empty", expected: "text" }, { cause });
  assertInstanceOf(mistake, Mistake);
  assertEquals([mistake.name, mistake.code, mistake.cause], ["Mistake", "file", cause]);
  assertEquals(mistake.message, "Cannot read a.json: it is empty, expected text");
});
