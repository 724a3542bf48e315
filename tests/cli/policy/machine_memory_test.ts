import { assertEquals } from "@std/assert";
import { CountingDevice } from "../../../backend/mod.ts";
import { limitMemory } from "../../../cli/policy/machine_memory.ts";

const GIB = 2 ** 30;

/** What is left of a device of a kind. */
function roomOf(
  { kind = "cpu" as "cpu" | "webgpu", software = false, maxBytes }: {
    kind?: "cpu" | "webgpu";
    software?: boolean;
    maxBytes?: number;
  },
  memory: number | undefined,
  free: number | undefined,
): number {
  const info = { kind, software, name: "", detail: "", maxBindingBytes: GIB, runsTwins: true };
  using device = new CountingDevice(maxBytes === undefined ? info : { ...info, maxBytes });
  limitMemory(device, memory, free);
  return device.room / GIB;
}

Deno.test("limitMemory() holds a device to the flag, else to what the machine has free", () => {
  assertEquals(roomOf({ maxBytes: 4 * GIB }, 3, 9 * GIB), 3);
  assertEquals(roomOf({ maxBytes: 4 * GIB }, undefined, 2 * GIB), 2);
  assertEquals(roomOf({ maxBytes: 4 * GIB }, 3, 2 * GIB), 3); // the flag knows better
  assertEquals(roomOf({ maxBytes: 4 * GIB }, undefined, 9 * GIB), 4);
  assertEquals(roomOf({ maxBytes: 4 * GIB }, 5, undefined), 4); // it cannot have more
  assertEquals(roomOf({ maxBytes: 4 * GIB }, undefined, 0), 0);
});

Deno.test("limitMemory() asks the machine only where its memory is the device's", () => {
  assertEquals(roomOf({ kind: "webgpu" }, undefined, 2 * GIB), Infinity);
  assertEquals(roomOf({ kind: "webgpu", software: true }, undefined, 2 * GIB), 2);
  assertEquals(roomOf({ kind: "webgpu" }, 7, undefined), 7);
});
