import { assertEquals, assertRejects } from "@std/assert";
import { lockFolder } from "../../files/folder_lock.ts";

Deno.test("lockFolder() has one owner, named by pid, until it lets go", async () => {
  const root = await Deno.makeTempDir();
  const dir = `${root}/run`;
  {
    using lock = await lockFolder(dir);
    const error = await assertRejects(() => lockFolder(dir), Error);
    assertEquals(
      error.message,
      `Cannot use ${dir}: another run owns it (pid ${Deno.pid}), expected no other run. ` +
        "Wait for it to end, or choose another folder",
    );
    lock.release(); // and once more when the block ends
  }
  (await lockFolder(dir)).release();
  await Deno.remove(root, { recursive: true });
});

Deno.test("lockFolder() is free again after its owner was killed with -9", async () => {
  const dir = await Deno.makeTempDir();
  const lock = new URL("../../files/folder_lock.ts", import.meta.url).href;
  const script = `${dir}/hold.ts`;
  await Deno.writeTextFile(
    script,
    `import { lockFolder } from "${lock}";
     await lockFolder(${JSON.stringify(dir)});
     await Deno.stdout.write(new Uint8Array([1]));
     setInterval(() => {}, 1000);`,
  );
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--no-config", "-A", script],
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  await reader.read(); // it holds the lock now
  await assertRejects(() => lockFolder(dir), Error, `(pid ${child.pid})`);
  child.kill("SIGKILL");
  await child.status;
  await reader.cancel();
  (await lockFolder(dir)).release();
  await Deno.remove(dir, { recursive: true });
});
