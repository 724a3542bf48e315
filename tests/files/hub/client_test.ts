// Requests: what is asked of whom, how often, and what a refusal says.
import { assertEquals, assertRejects } from "@std/assert";
import { HubClient } from "../../../files/hub/client.ts";
import { HubError } from "../../../files/hub/hub_error.ts";
import { parseRepoSpec } from "../../../files/hub/repo_spec.ts";

const ENVIRONMENT = {
  ...{ endpoint: "https://hub.test", cache: "", offline: false, token: "hf_x" },
  hosts: ["cdn.test"],
};
const SPEC = parseRepoSpec("org/name");
const COMMIT = "a".repeat(40);

/** A client whose requests are answered here; says what was asked. */
function client(
  answer: (url: string, count: number) => Response,
  type: "model" | "dataset" = "model",
) {
  const asked: { url: string; authorization: string | null }[] = [];
  const fake = ((url: string, init: RequestInit) => {
    asked.push({ url, authorization: new Headers(init.headers).get("authorization") });
    return Promise.resolve(answer(url, asked.length));
  }) as typeof fetch;
  return { asked, hub: new HubClient(ENVIRONMENT, type, { fetch: fake, retries: 2, backoff: 1 }) };
}

Deno.test("HubClient asks the hub's documented addresses", async () => {
  const { asked, hub } = client(() => new Response("x"), "dataset");
  const response = await hub.file(SPEC, COMMIT, "a b/c#.parquet", 0);
  assertEquals(await response.text(), "x");
  assertEquals(
    asked[0].url,
    `https://hub.test/datasets/org/name/resolve/${COMMIT}/a%20b/c%23.parquet`,
  );
});

Deno.test("HubClient keeps the token from other hosts, other ports and weaker schemes", async () => {
  for (const location of ["https://cdn.test/x", "https://hub.test:444/x"]) {
    const { asked, hub } = client((url) =>
      url.includes("resolve")
        ? new Response(null, { status: 302, headers: { location } })
        : new Response("x")
    );
    await (await hub.file(SPEC, COMMIT, "f", 0)).text();
    assertEquals(asked.map(({ authorization }) => authorization), ["Bearer hf_x", null]);
  }
  const weak = client(() =>
    new Response(null, { status: 302, headers: { location: "http://hub.test/x" } })
  );
  await assertRejects(
    () => weak.hub.file(SPEC, COMMIT, "f", 0),
    HubError,
    "expected an https address",
  );
  assertEquals(weak.asked.length, 1);
  const home = client((url) =>
    url.includes("resolve")
      ? new Response(null, { status: 307, headers: { location: "/moved" } })
      : new Response("x")
  );
  await (await home.hub.file(SPEC, COMMIT, "f", 0)).text();
  assertEquals(home.asked[1], { url: "https://hub.test/moved", authorization: "Bearer hf_x" });
});

Deno.test("HubClient tries again for 429 and 5xx as often as told, and not for a refusal", async () => {
  const rows: [number, number][] = [[429, 3], [500, 3], [503, 3], [400, 1], [401, 1], [403, 1], [
    404,
    1,
  ]];
  for (const [status, times] of rows) {
    const { asked, hub } = client(() => new Response("no", { status }));
    const error = await assertRejects(() => hub.file(SPEC, COMMIT, "f", 0), HubError);
    assertEquals([asked.length, error.status], [times, status]);
    assertEquals(error.isUnreachable, times > 1);
  }
});

Deno.test("HubClient refuses a listing page without end", async () => {
  const { hub } = client(() => {
    return new Response(new ReadableStream({ pull: (c) => c.enqueue(new Uint8Array(1 << 20)) }));
  });
  await assertRejects(() => hub.list(SPEC, COMMIT), HubError, "longer than 33554432 bytes");
});

Deno.test("HubClient gives up waiting for an answer", async () => {
  const never =
    ((_: string, init: RequestInit) =>
      new Promise((_, reject) =>
        init.signal!.addEventListener("abort", () => reject(init.signal!.reason))
      )) as typeof fetch;
  const hub = new HubClient(ENVIRONMENT, "model", { fetch: never, retries: 0, timeout: 20 });
  await assertRejects(
    () => hub.file(SPEC, COMMIT, "f", 0),
    HubError,
    "does not answer (nothing for 20 ms)",
  );
});
