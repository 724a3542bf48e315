import { assertEquals, assertThrows } from "@std/assert";
import { parseBytes, showBytes } from "../../../cli/terminal/sizes.ts";
import { UsageError } from "../../../cli/terminal/mistake.ts";

Deno.test("parseBytes() reads decimal and binary units in any case", () => {
  const all = ["1000", "5GB", "512MiB", "1.5 kb", "2gib", "1.0019kB"].map((text) =>
    parseBytes(text, "export", "--max-shard")
  );
  assertEquals(all, [1000, 5e9, 2 ** 29, 1500, 2 ** 31, 1001]); // whole bytes
});

Deno.test("parseBytes() refuses what is no size", () => {
  for (const text of ["", "0", "-1", "5 TBs", "GB", "1e3", "0.2"]) {
    const error = assertThrows(() => parseBytes(text, "export", "--max-shard"), UsageError);
    assertEquals(
      error.message,
      `Cannot export: --max-shard is ${
        JSON.stringify(text)
      }, expected a size such as 5GB or 512MiB`,
    );
  }
});

Deno.test("showBytes() has three digits in the unit that fits", () => {
  const all = [0, 1023, 1024, 1536, 2 ** 20 * 123.4, 2 ** 30 * 1.005].map(showBytes);
  assertEquals(all, ["0 bytes", "1023 bytes", "1 KiB", "1.5 KiB", "123 MiB", "1 GiB"]);
});
