// What tests of `leash annotate` begin with.
import { openDataset } from "../../files/mod.ts";
import { commandWorkspace } from "./command_run.ts";

/** The device of these commands, and the length of answers. */
export const DEVICE = "--device cpu --threads 1 --max-new 6";

/** A workspace with prompts and a rule that throws at the fourth, and the flags that name them. */
export async function annotateSetting() {
  const work = await commandWorkspace();
  const prompts = Array.from({ length: 20 }, (_, i) => `Tom saw ${i} dogs.`);
  await Deno.writeTextFile(`${work.dir}/p.txt`, prompts.join("\n"));
  await Deno.writeTextFile(
    `${work.dir}/rule.js`,
    "export default (p, c) => {\n" +
      "  if (p.includes('saw 3 ')) throw new Error('three');\n  return c.length % 7;\n};\n",
  );
  const base = `--annotator rule:${work.dir}/rule.js`;
  return {
    work,
    args: `${base} --model ${work.dir}/model --data ${work.dir}/p.txt ${DEVICE}`,
    base,
  };
}

/** The rows of a dataset, as they are read. */
export async function rowsOf(path: string): Promise<Record<string, unknown>[]> {
  const { rows } = await openDataset(path);
  return await Array.fromAsync(rows(), ({ row }) => ({ ...row }));
}
