import { assertEquals } from "@std/assert";
import { firstTwo, type SelectorContext } from "../../../training/mod.ts";

Deno.test("firstTwo() asks nobody and takes the first two answers of every group", async () => {
  const nobody: SelectorContext = {
    annotator: { name: "none", annotate: () => Promise.reject(new Error("asked")) },
    memberLogps: () => Promise.reject(new Error("asked")),
  };
  const group = { prompt: "p", texts: ["x", "y", "z"], sequences: [] };
  assertEquals(await firstTwo().select([group, group], nobody), [[{ a: 0, b: 1 }], [{
    a: 0,
    b: 1,
  }]]);
});
