import { assert, assertEquals } from "@std/assert";
import { answer } from "../../../tools/outside/browser.ts";
import { storyRun } from "../../../tools/outside/browser/story_run.ts";

const ask = (path: string) => answer(new Request(`http://127.0.0.1${path}`), "the script");

Deno.test("answer() gives the page, its script and the stories' files, where memory may be shared", async () => {
  const page = await ask("/stories/index.html?steps=2");
  assertEquals(page.headers.get("content-type"), "text/html; charset=utf-8");
  assertEquals(page.headers.get("cross-origin-embedder-policy"), "require-corp");
  const policy = page.headers.get("content-security-policy")!.split("; ");
  assertEquals(policy[0], "default-src 'none'");
  assertEquals(policy.filter((rule) => /'unsafe|\*|data:/.test(rule)), [], "nothing is evaled");
  assertEquals(await (await ask("/stories/page.js")).text(), "the script");
  const config = await (await ask("/stories/model/config.json")).json();
  assertEquals(config.model_type, "llama");
});

Deno.test("answer() gives no other file", async () => {
  for (const path of ["/deno.json", "/stories/model/../../deno.json", "/stories/model/none", "/"]) {
    const response = await ask(path);
    await response.body?.cancel();
    assertEquals(response.status, 404, path);
  }
});

Deno.test("storyRun() is the same twice and depends on its steps", async () => {
  const stories = new URL("../../../stories/", import.meta.url);
  const [two, again] = [await storyRun(stories, 2), await storyRun(stories, 2)];
  assertEquals(two, again);
  assertEquals(two.losses.length, 2);
  assert((await storyRun(stories, 1)).adapter !== two.adapter);
});
