// What a parser takes is measured by the process's memory, which has to be this test's alone.
import { assert, assertEquals } from "@std/assert";
import { campaign } from "../../tools/fuzz/campaign.ts";

Deno.test("campaign() finds the planted memory and makes its file small", async () => {
  const module = new URL("fuzz_toy.ts", import.meta.url).href;
  const outcome = await campaign({
    ...{ module, parser: "memory", seconds: 5, seed: 1, work: "unused", minimiseMs: 3000 },
  });
  assertEquals(
    [...new Set(outcome.findings.map((finding) => finding.fault))],
    ["it took over 256 MiB"],
  );
  for (const { input: { bytes } } of outcome.findings) assert(bytes.includes(0xff));
});
