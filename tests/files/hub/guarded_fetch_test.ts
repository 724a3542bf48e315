import { assert, assertEquals, assertRejects } from "@std/assert";
import { guardedFetch, GuardError } from "../../../files/hub/guarded_fetch.ts";

type PromptInTokens = { url: string; authorization: string | null };

function answering(redirects: Readonly<Record<string, string>>) {
  const asked: PromptInTokens[] = [];
  const fake = ((url: string, init: RequestInit) => {
    asked.push({ url, authorization: new Headers(init.headers).get("authorization") });
    const location = redirects[url];
    return Promise.resolve(
      location === undefined
        ? new Response("x")
        : new Response(null, { status: 302, headers: { location } }),
    );
  }) as typeof fetch;
  return { asked, options: { fetch: fake, timeout: 1000 } };
}

const GUARD = { home: "https://hub.test", hosts: ["cdn.test"], authorization: "Bearer hf_x" };

Deno.test("guardedFetch() follows to known hosts alone, and gives no other what is for home", async () => {
  const { asked, options } = answering({
    "https://hub.test/a": "https://eu.hub.test/b",
    "https://eu.hub.test/b": "https://me:pw@files.cdn.test/c",
    "https://files.cdn.test/c": "https://hub.test/d",
  });
  await (await guardedFetch("https://hub.test/a", GUARD, options)).text();
  assertEquals(asked, [
    { url: "https://hub.test/a", authorization: "Bearer hf_x" },
    { url: "https://eu.hub.test/b", authorization: null },
    { url: "https://files.cdn.test/c", authorization: null },
    { url: "https://hub.test/d", authorization: "Bearer hf_x" },
  ]);
});

Deno.test("guardedFetch() refuses unknown hosts before they are asked, and says none of their secrets", async () => {
  for (
    const host of [
      "evil.test",
      "hub.test.evil",
      "evilhub.test",
      "xcdn.test",
      "169.254.169.254",
      "[::1]",
    ]
  ) {
    const { asked, options } = answering({
      "https://hub.test/a": `https://u:secret@${host}/?token=secret`,
    });
    const error = await assertRejects(
      () => guardedFetch("https://hub.test/a", GUARD, options),
      GuardError,
      `the hub sends us to the host "${host}", expected hub.test, cdn.test. Name it in LEASH_HUB_HOSTS`,
    );
    assert(!error.message.includes("secret"));
    assertEquals(asked.length, 1);
    const first = answering({});
    await assertRejects(() => guardedFetch(`https://${host}/`, GUARD, first.options), GuardError);
    assertEquals(first.asked, []);
  }
});

Deno.test("guardedFetch() refuses a weaker scheme, what is no address, and redirects without end", async () => {
  for (
    const [location, wanted] of [
      ["http://hub.test/x", "expected an https address"],
      ["file:///etc/passwd", "expected an https address"],
      ["https://", "expected an https address"],
      ["/a", "redirected more than 5 times"],
    ]
  ) {
    const { options } = answering({ "https://hub.test/a": location });
    await assertRejects(
      () => guardedFetch("https://hub.test/a", GUARD, options),
      GuardError,
      wanted,
    );
  }
});

Deno.test("guardedFetch() takes the names of this machine for one, and waits no longer than told", async () => {
  const guard = { home: "http://127.0.0.1:8000", hosts: [], authorization: "Bearer hf_x" };
  const { asked, options } = answering({ "http://127.0.0.1:8000/a": "http://localhost:9000/b" });
  await (await guardedFetch("http://127.0.0.1:8000/a", guard, options)).text();
  assertEquals(asked[1].authorization, null);
  const silent = ((_: string, { signal }: RequestInit) =>
    new Promise((_, reject) => {
      signal!.addEventListener("abort", () => reject(signal!.reason));
    })) as typeof fetch;
  await assertRejects(
    () => guardedFetch("http://localhost/", guard, { fetch: silent, timeout: 1 }),
    Error,
    "nothing for 1 ms",
  );
});
