import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { sha256 } from "../../../core/base/sha256.ts";
import { UsageError } from "../../../cli/terminal/mistake.ts";
import { rulePrint } from "../../../cli/judge/rule_print.ts";

Deno.test("rulePrint() is of the file and of what it imports, and runs neither", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const write = (name: string, text: string) => Deno.writeTextFile(`${dir}/${name}`, text);
    const ran = `Deno.writeTextFileSync("${dir}/ran", "");`;
    await write("alone.ts", ran);
    assertEquals(await rulePrint(`${dir}/alone.ts`), await sha256(ran));
    await write("rule.ts", `${ran}\nimport { a } from "./a b.ts";\nexport default () => a;`);
    await write("a b.ts", `export * from './b.ts'; ${ran}`);
    await write("b.ts", `import "./rule.ts"; export const a = 1;`);
    const before = await rulePrint(`${dir}/rule.ts`);
    assertEquals(await rulePrint(`${dir}/rule.ts`), before);
    await write("b.ts", `import "./rule.ts"; export const a = 2;`);
    assertNotEquals(await rulePrint(`${dir}/rule.ts`), before);
    await Deno.remove(`${dir}/b.ts`);
    assertNotEquals(await rulePrint(`${dir}/rule.ts`), before);
    assertEquals([...Deno.readDirSync(dir)].some(({ name }) => name === "ran"), false);
    await assertRejects(() => rulePrint(`${dir}/no.ts`), UsageError, "it is not there");
    assertEquals(await rulePrint(undefined), undefined);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
