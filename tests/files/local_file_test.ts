import { assertEquals, assertRejects } from "@std/assert";
import { openLocalFile } from "../../files/local_file.ts";
import { Mistake } from "../../core/base/mistake.ts";

Deno.test("openLocalFile() reads parts in any order, also at once", async () => {
  const dir = await Deno.makeTempDir();
  await Deno.writeFile(`${dir}/f`, Uint8Array.from({ length: 1000 }, (_, i) => i % 251));
  {
    using file = await openLocalFile(`${dir}/f`);
    const parts = await Promise.all([900, 3, 500, 0].map((at) => file.read(at, 100)));
    assertEquals(parts.map((part) => part[0]), [900 % 251, 3, 500 % 251, 0]);
    assertEquals(parts.map(({ length }) => length), [100, 100, 100, 100]);
    await assertRejects(
      () => file.read(950, 100),
      Mistake,
      "it is 1000 bytes long, expected at least 1050",
    );
    assertEquals((await file.read(999, 1))[0], 999 % 251); // an error leaves it usable
  }
  await assertRejects(
    () => openLocalFile("/dev/zero"),
    Mistake,
    "it is no file, expected a file",
  );
  await assertRejects(() => openLocalFile(dir), Mistake, "it is no file, expected a file");
  await assertRejects(() => openLocalFile(`${dir}/g`), Mistake, "it is missing, expected a file");
  await Deno.remove(dir, { recursive: true });
});
