import { assertEquals } from "@std/assert";
import { quietWgpu } from "../../../backend/webgpu/quiet.ts";

function host(os: string, state: string, found?: string) {
  const set: [string, string][] = [], looked: string[] = [];
  return {
    set,
    looked,
    build: { os },
    permissions: {
      querySync: ({ variable }: { variable: string }) => {
        assertEquals(variable, "XDG_RUNTIME_DIR");
        return { state };
      },
    },
    env: {
      get(name: string) {
        looked.push(name);
        return found;
      },
      set: (name: string, value: string) => void set.push([name, value]),
    },
  };
}

Deno.test("quietWgpu() names a folder where Linux names none, and only where it may", () => {
  const quiet = host("linux", "granted");
  quietWgpu(quiet);
  assertEquals(quiet.set, [["XDG_RUNTIME_DIR", "/tmp"]]);
  for (
    const other of [
      host("linux", "granted", "/run/user/1000"),
      host("linux", "prompt"),
      host("linux", "denied"),
      host("darwin", "granted"),
    ]
  ) {
    quietWgpu(other);
    assertEquals(other.set, []);
  }
  assertEquals(host("linux", "prompt").looked, []); // to look would be to ask
  quietWgpu({});
  quietWgpu(undefined);
});
