import { assertEquals, assertThrows } from "@std/assert";
import { Mistake } from "../../core/base/mistake.ts";
import { VerdictFile } from "../../files/verdict_file.ts";
import { inFolder } from "../support/in_folder.ts";

Deno.test("VerdictFile has what was said first, in another process too", async () => {
  await inFolder(async (dir) => {
    const path = `${dir}/verdicts.sqlite`;
    const verdict = { outcome: "b" as const, reason: "r", scores: [0.25, 0.75] as const };
    using store = new VerdictFile(path);
    assertEquals(store.get("x"), undefined);
    store.set("x", verdict);
    store.set("x", { outcome: "a" });
    assertEquals(store.get("x"), verdict);
    const file = JSON.stringify(new URL("../../files/verdict_file.ts", import.meta.url).href);
    const code = `import { VerdictFile } from ${file}; const store = new VerdictFile(${
      JSON.stringify(path)
    }); console.log(store.get("x").outcome); store.set("y", { outcome: "tie" }); Deno.kill(Deno.pid, "SIGKILL");`;
    const { stdout, signal } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", "--no-check", code],
    }).output();
    assertEquals([new TextDecoder().decode(stdout).trim(), signal], ["b", "SIGKILL"]);
    assertEquals(store.get("y"), { outcome: "tie" }, "what was said before a kill is there");
  });
});

Deno.test("VerdictFile refuses a file of another kind and a folder that is not there, by name", async () => {
  await inFolder(async (dir) => {
    await Deno.writeTextFile(`${dir}/text`, "not a database, but some bytes that are long enough");
    for (const path of [`${dir}/text`, `${dir}/none/verdicts.sqlite`]) {
      using store = new VerdictFile(path);
      const error = assertThrows(() => store.get("x"), Mistake, path);
      assertEquals(error.code, "file");
    }
  });
});
