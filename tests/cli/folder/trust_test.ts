import { assertEquals } from "@std/assert";
import { isOwnFolder, originOf } from "../../../cli/folder/trust.ts";

Deno.test("isOwnFolder() knows a folder that was moved here, and none that was copied or unpacked", async () => {
  const root = await Deno.makeTempDir();
  try {
    const make = async (name: string) => {
      await Deno.mkdir(`${root}/${name}`);
      await Deno.writeTextFile(`${root}/${name}/config.json`, "{}");
    };
    await make("run");
    const origin = await originOf(`${root}/run`);
    assertEquals(await isOwnFolder(`${root}/run`, origin), true);
    await make("copy");
    assertEquals(await isOwnFolder(`${root}/copy`, origin), false);
    await Deno.rename(`${root}/run`, `${root}/moved`);
    assertEquals(await isOwnFolder(`${root}/moved`, origin), true);
    const { inode, born } = origin!;
    for (const other of [undefined, {}, { inode }, { inode, born: born - 1 }, "x", null]) {
      assertEquals(await isOwnFolder(`${root}/moved`, other), false);
    }
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
