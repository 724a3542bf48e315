// The hub's place, cache and token are found where Python's huggingface_hub finds them.
import { assertEquals, assertThrows } from "@std/assert";
import { hubEnvironment } from "../../../files/hub/environment.ts";
import { Mistake } from "../../../core/base/mistake.ts";

const of = (variables: Record<string, string>) => hubEnvironment((name) => variables[name]);

Deno.test("hubEnvironment() finds the cache by HF_HUB_CACHE, HF_HOME, XDG_CACHE_HOME, then home", () => {
  const rows: [Record<string, string>, string][] = [
    [{ HF_HUB_CACHE: "/a", HF_HOME: "/b" }, "/a"],
    [{ HUGGINGFACE_HUB_CACHE: "/a", HF_HOME: "/b" }, "/a"],
    [{ HF_HUB_CACHE: "~/a", HOME: "/h" }, "/h/a"],
    [{ HF_HOME: "/b", XDG_CACHE_HOME: "/c" }, "/b/hub"],
    [{ HF_HOME: "~", HOME: "/h" }, "/h/hub"],
    [{ XDG_CACHE_HOME: "/c", HOME: "/h" }, "/c/huggingface/hub"],
    [{ HOME: "/h" }, "/h/.cache/huggingface/hub"],
    [{ HF_HUB_CACHE: "", HOME: "/h" }, "/h/.cache/huggingface/hub"],
  ];
  for (const [variables, cache] of rows) assertEquals(of(variables).cache, cache);
});

Deno.test("hubEnvironment() takes the token of HF_TOKEN, and reads no file for it", async () => {
  const dir = await Deno.makeTempDir();
  await Deno.writeTextFile(`${dir}/token`, "hf_file\n");
  assertEquals(of({ HF_TOKEN: " hf_v ", HF_HOME: dir }).token, "hf_v");
  assertEquals(of({ HUGGING_FACE_HUB_TOKEN: "hf_w" }).token, "hf_w");
  assertEquals(of({ HF_HOME: dir }).token, undefined);
  assertEquals(of({ HF_TOKEN: "hf_v", HF_HUB_DISABLE_IMPLICIT_TOKEN: "1" }).token, undefined);
  assertThrows(() => of({ HF_TOKEN: "hf_a\nhf_b" }), Mistake, "has characters that no token has");
  assertThrows(() => of({ HF_TOKEN: "hf_\u00e9" }), Mistake, "Cannot use HF_TOKEN");
  await Deno.remove(dir, { recursive: true });
});

Deno.test("hubEnvironment() reads the endpoint and whether we are offline", () => {
  assertEquals(of({}).endpoint, "https://huggingface.co");
  assertEquals(
    of({ HF_ENDPOINT: "http://localhost:1/hub//" }).endpoint,
    "http://localhost:1/hub",
  );
  assertThrows(() => of({ HF_ENDPOINT: "huggingface.co" }), Mistake, "HF_ENDPOINT is");
  assertThrows(
    () => of({ HF_ENDPOINT: "file:///etc" }),
    Mistake,
    "expected an http address",
  );
  for (const value of ["1", "on", "True", "YES"]) {
    assertEquals(of({ HF_HUB_OFFLINE: value }).offline, true);
  }
  assertEquals(of({ TRANSFORMERS_OFFLINE: "1" }).offline, true);
  assertEquals(of({ HF_HUB_OFFLINE: "0" }).offline, false);
});

Deno.test("hubEnvironment() keeps the name and password of HF_ENDPOINT out of its address and its errors", () => {
  const read = (HF_ENDPOINT: string, more = {}) => {
    const set: Record<string, string> = { HF_ENDPOINT, ...more };
    return hubEnvironment((name) => set[name]);
  };
  const { endpoint, authorization } = read("https://me:p%40ss@hub.test:8443/mirror/");
  assertEquals(endpoint, "https://hub.test:8443/mirror");
  assertEquals(authorization, `Basic ${btoa("me:p@ss")}`);
  assertEquals(read("https://hub.test").authorization, undefined);
  const error = assertThrows(() => read("htps://me:secret@hub.test"), Mistake);
  assertEquals(
    error.message,
    'Cannot reach the hub: HF_ENDPOINT is "htps://…@hub.test", expected an http address',
  );
  assertEquals(read("https://a", { LEASH_HUB_HOSTS: "b.org, c.org," }).hosts, ["b.org", "c.org"]);
});
