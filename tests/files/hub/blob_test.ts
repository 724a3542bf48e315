// A blob is fetched by one writer, even among processes, and an empty one too.
import { assertEquals } from "@std/assert";
import { fetchBlob } from "../../../files/hub/blob.ts";
import { RepoCache } from "../../../files/hub/cache.ts";
import { HubClient } from "../../../files/hub/client.ts";
import { parseRepoSpec } from "../../../files/hub/repo_spec.ts";
import { hashOf } from "../../support/hub_server.ts";

const ENVIRONMENT = { endpoint: "https://hub.test", cache: "", offline: false, token: undefined };

async function fetchInto(
  root: string,
  bytes: Uint8Array<ArrayBuffer>,
  asked: string[],
): Promise<number[]> {
  const answer = ((url: string) => {
    asked.push(url);
    return Promise.resolve(new Response(bytes));
  }) as typeof fetch;
  const client = new HubClient(ENVIRONMENT, "model", { fetch: answer });
  const cache = new RepoCache(root, "model", "org/name");
  const file = { path: "x", size: bytes.length, hash: hashOf(bytes, bytes.length > 4) };
  const told: number[] = [];
  const task = { client, cache, spec: parseRepoSpec("org/name"), commit: "a".repeat(40), file };
  await fetchBlob(task, {}, (n) => told.push(n));
  assertEquals(await Deno.readFile(cache.blob(file)), bytes);
  return told;
}

Deno.test("fetchBlob() fetches once, checks either hash, and takes empty files", async () => {
  const root = await Deno.makeTempDir();
  const asked: string[] = [];
  for (const length of [0, 3, 500]) {
    const bytes = new Uint8Array(length).fill(7);
    assertEquals((await fetchInto(root, bytes, asked)).at(-1), length);
    assertEquals(await fetchInto(root, bytes, asked), [length]); // it is there
  }
  assertEquals(asked.length, 3);
  await Deno.remove(root, { recursive: true });
});

Deno.test("fetchBlob() waits for the process that holds the lock where Python's lock lies", async () => {
  const root = await Deno.makeTempDir();
  const bytes = new Uint8Array(500);
  const locks = `${root}/.locks/models--org--name`;
  await Deno.mkdir(locks, { recursive: true });
  const script =
    `const f = await Deno.open(Deno.args[0], { write: true, create: true }); await f.lock(true);
    await Deno.stdout.write(new Uint8Array([1])); await new Promise((r) => setTimeout(r, 400));`;
  await Deno.writeTextFile(`${root}/hold.ts`, script);
  const args = [
    "run",
    "--no-config",
    "-A",
    `${root}/hold.ts`,
    `${locks}/${hashOf(bytes, true)}.lock`,
  ];
  await using child = new Deno.Command(Deno.execPath(), { args, stdout: "piped" }).spawn();
  const reader = child.stdout.getReader();
  await reader.read(); // it holds the lock
  const start = performance.now();
  await fetchInto(root, bytes, []);
  assertEquals(performance.now() - start > 250, true);
  await reader.cancel();
  await child.status;
  await Deno.remove(root, { recursive: true });
});
