import { assertEquals } from "@std/assert";
import { hubNameOf } from "../../../cli/policy/hub_name.ts";

Deno.test("hubNameOf() is the hub id of a folder in the hub's cache, and the folder elsewhere", () => {
  const commit = "snapshots/93efa2f097d58c2a74874c7e644dbc9b0cee75a2";
  for (
    const [path, name] of [
      [`/h/hub/models--HuggingFaceTB--SmolLM2-135M/${commit}`, "HuggingFaceTB/SmolLM2-135M"],
      [`C:\\hub\\models--a--b-c\\${commit.replace("/", "\\")}`, "a/b-c"],
      [`/h/hub/models--gpt2/${commit}/`, "gpt2"],
      ["/home/me/model", "/home/me/model"],
      [`/h/datasets--a--b/${commit}`, `/h/datasets--a--b/${commit}`],
      ["/h/models--a--b/refs", "/h/models--a--b/refs"],
    ]
  ) assertEquals(hubNameOf(path), name);
});
