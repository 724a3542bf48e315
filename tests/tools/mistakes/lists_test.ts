import { assert, assertEquals } from "@std/assert";
import { LISTS } from "../../../tools/mistakes/lists.ts";
import { describe, place } from "../../../tools/mistakes/mistake.ts";
import { sourceFiles } from "../../../tools/source.ts";

Deno.test("LISTS all apply, each once, and change something", async () => {
  const root = new URL("../../../", import.meta.url).pathname.replace(/\/$/, "");
  const files = (await sourceFiles(root)).filter(({ path }) =>
    !/^(?:tests|tools|bench)\//.test(path)
  );
  const gone = LISTS.map((mistake) => place(mistake, files)).filter((one) =>
    typeof one === "string"
  );
  assertEquals(gone, []);
  assertEquals(new Set(LISTS.map(describe)).size, LISTS.length);
  for (const mistake of LISTS) assert(mistake.from.trim() !== mistake.to.trim(), describe(mistake));
});
