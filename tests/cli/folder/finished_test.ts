import { assertRejects } from "@std/assert";
import { checkFinished, sealResults } from "../../../cli/folder/finished.ts";
import { UsageError } from "../../../cli/terminal/mistake.ts";
import { filesBelow } from "../../support/tiny_run.ts";

Deno.test("checkFinished() names any file that lost a byte or has another", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const files = ["config.json", "metrics.jsonl", "adapter/adapter_model.safetensors"];
    await Deno.mkdir(`${dir}/adapter`);
    await Deno.mkdir(`${dir}/checkpoints`);
    for (const file of [...files, "checkpoints/x", ".lock"]) {
      await Deno.writeTextFile(`${dir}/${file}`, `of ${file}`);
    }
    await sealResults(dir, "{}");
    await assertRejects(() => checkFinished(dir), UsageError, "summary.json is missing");
    await Deno.writeTextFile(`${dir}/summary.json`, "{}");
    await checkFinished(dir);
    await Deno.writeTextFile(`${dir}/.lock`, "1");
    for (const file of filesBelow(dir)) {
      if (file === ".lock" || file.startsWith("checkpoints/")) continue;
      const bytes = await Deno.readFile(`${dir}/${file}`);
      await Deno.writeFile(`${dir}/${file}`, bytes.with(1, bytes[1] ^ 1));
      await assertRejects(() => checkFinished(dir), UsageError, `${dir}/${file}`);
      await Deno.remove(`${dir}/${file}`);
      await assertRejects(() => checkFinished(dir), UsageError, file);
      await Deno.writeFile(`${dir}/${file}`, bytes);
    }
    await checkFinished(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
