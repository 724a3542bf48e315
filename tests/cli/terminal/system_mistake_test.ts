import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { UsageError } from "../../../cli/terminal/mistake.ts";
import {
  asUsage,
  mistakeOf,
  requireNewOut,
  systemMistake,
} from "../../../cli/terminal/system_mistake.ts";
import { cannotRead } from "../../../core/base/mistake.ts";
import { DeviceError } from "../../../backend/device_error.ts";

Deno.test("systemMistake() makes one line of what the system refuses, and of nothing else", () => {
  const rows: [error: unknown, line: string | undefined][] = [
    [
      new Deno.errors.PermissionDenied("Permission denied (os error 13): mkdir '/root/x'"),
      "Cannot sft: '/root/x': permission denied, expected files and folders that can be read and written",
    ],
    [
      Object.assign(new Error("No space left on device (os error 28)\n  more"), { code: "ENOSPC" }),
      "Cannot sft: no space left on device (os error 28), expected files and folders that can be read and written",
    ],
    [
      new Deno.errors.NotCapable('Requires write access to "x"'),
      'Cannot sft: requires write access to \\"x\\", expected files and folders that can be read and written',
    ],
    [new TypeError("x is not a function"), undefined],
    ["a text", undefined],
  ];
  for (const [error, line] of rows) assertEquals(systemMistake("sft", error)?.message, line);
});

Deno.test("requireNewOut() refuses what is there and what cannot be made, and leaves nothing", async () => {
  const dir = await Deno.makeTempDir();
  try {
    await requireNewOut("score", `${dir}/a/b/c.jsonl`);
    await Deno.writeTextFile(`${dir}/file`, "");
    for (
      const [path, line] of [
        [dir, `Cannot score: ${dir} is already there, expected a new name for --out. Or so`],
        [`${dir}/file`, `Cannot score: ${dir}/file is already there`],
        [
          `${dir}/file/b`,
          `Cannot score: --out is ${dir}/file/b and ${dir}/file takes no new file (not a directory), expected`,
        ],
      ]
    ) {
      await assertRejects(() => requireNewOut("score", path, ". Or so"), UsageError, line);
    }
    assertEquals([...Deno.readDirSync(dir)].map(({ name }) => name), ["file"]);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("systemMistake() is one line for a place of the system's", () => {
  const error = new Deno.errors.NotCapable(
    'Requires all access to "/proc/foo", run again with the --allow-all flag',
  );
  assertEquals(
    systemMistake("train", error)?.message,
    "Cannot train: /proc/foo belongs to the system, expected files and folders of yours",
  );
});

Deno.test("asUsage() makes one line of what the system refuses, and leaves the rest as it is", async () => {
  const throwing = (error: Error) => () => Promise.reject(error);
  const denied = new Deno.errors.PermissionDenied("Permission denied (os error 13): open 'x'");
  await assertRejects(
    () => asUsage(throwing(denied)),
    UsageError,
    "Cannot begin the run: 'x': perm",
  );
  const mistake = cannotRead("x", { found: "Is a directory (os error 21)" });
  for (const error of [mistake, new TypeError("Cannot read x: it is y")]) {
    assertStrictEquals(await assertRejects(() => asUsage(throwing(error))), error);
  }
});

Deno.test("mistakeOf() tells whose fault it is by the type, never by the words", () => {
  const file = cannotRead("x", { found: "it is empty" });
  assertStrictEquals(mistakeOf("train", file), file);
  assertEquals(mistakeOf("train", new DeviceError("Cannot allocate 8 bytes"))?.code, "device");
  const full = Object.assign(new Error("No space left on device (os error 28)"), {
    code: "ENOSPC",
  });
  assertEquals(mistakeOf("train", full)?.code, "usage");
  for (const fault of [new TypeError("Cannot read x: it is y"), new RangeError("Cannot pack: z")]) {
    assertEquals(mistakeOf("train", fault), undefined);
  }
});
