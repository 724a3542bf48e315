import { assertEquals, assertRejects } from "@std/assert";
import { fileOfBytes, outOfFile } from "../../../core/base/random_access.ts";
import { Mistake } from "../../../core/base/mistake.ts";

Deno.test("fileOfBytes() gives copies of its parts and refuses what is not there", async () => {
  const bytes = Uint8Array.of(1, 2, 3);
  using file = fileOfBytes(bytes, "three.bin");
  const part = await file.read(1, 2);
  part[0] = 9;
  assertEquals([[...bytes], [...part], file.size, file.name], [[1, 2, 3], [9, 3], 3, "three.bin"]);
  assertEquals((await file.read(3, 0)).length, 0);
  await assertRejects(
    () => file.read(2, 2),
    Mistake,
    "Cannot read three.bin: it is 3 bytes long, expected at least 4. The download was cut: fetch the file again",
  );
});

Deno.test("outOfFile() refuses negative places", () => {
  assertEquals(outOfFile("f", 3, 0, 3), undefined);
  assertEquals(
    [outOfFile("f", 3, -1, 1), outOfFile("f", 3, 0, -1)].every((e) => e instanceof Mistake),
    true,
  );
});
