import { assertEquals, assertStringIncludes } from "@std/assert";
import { lostFolder } from "../../../cli/folder/lost_folder.ts";
import {
  filesBelow,
  recordingTerminal,
  runTrain,
  tinyFlags,
  tinyWorkspace,
} from "../../support/tiny_run.ts";
import { LogGone } from "../../../files/mod.ts";

for (const how of ["removed", "moved"]) {
  Deno.test(`a run whose folder is ${how} ends at the next write with one line, and makes no folder anew`, async () => {
    using work = await tinyWorkspace();
    const dir = `${work.dir}/run`, moved = `${work.dir}/moved`;
    let steps = 0;
    const { code, lines } = await runTrain([
      ...tinyFlags(work.dir),
      "--eval-prompts",
      "2",
      "--out",
      dir,
    ], {
      terminal: {
        ...recordingTerminal(),
        status: (text) => {
          if (!text.includes("training") || ++steps !== 3) return;
          if (how === "removed") Deno.removeSync(dir, { recursive: true });
          else Deno.renameSync(dir, moved);
        },
      },
    });
    assertEquals([code, steps], [2, 3], lines.join("\n"));
    assertEquals(filesBelow(dir), []);
    if (how === "moved") {
      const { code, lines } = await runTrain(["--resume", moved]);
      assertEquals(code, 0, lines.join("\n"));
    }
  });
}

Deno.test("lostFolder() is one line for a log that is gone, and nothing for other errors", async () => {
  const line = await lostFolder(new LogGone("/no/such/metrics.jsonl"), "/no/such");
  assertStringIncludes(line!.message, "Cannot go on: /no/such was moved or removed");
  assertEquals(await lostFolder(new Error("x"), "/no/such"), undefined);
});
