import { assert, assertEquals } from "@std/assert";
import { fetchModelFolder } from "../../core/mod.ts";
import { modelDigest } from "../support/model_digest.ts";
import { storiesConfig } from "../support/run_settings.ts";
import { REFERENCE_KEY } from "../../training/mod.ts";
import { loadPrompts } from "../../stories/prompts.ts";
import { loadReferences } from "../../stories/references.ts";

Deno.test("loadReferences() are of the committed model and prompts, as the default run evaluates", async () => {
  const { continuations, key, model, settings } = await loadReferences();
  const { evaluation } = await loadPrompts();
  assertEquals(continuations.map(({ prompt }) => prompt), [...evaluation]);
  assertEquals(key, [...REFERENCE_KEY]);
  const { tensors } = await fetchModelFolder(new URL("../../stories/model/", import.meta.url));
  assertEquals(model, await modelDigest(tensors), "Make them again: deno task references");
  const { temperature, topP, maxNew } = storiesConfig().sampling;
  assertEquals(settings, { temperature, topP, maxNew });
  assert(continuations.filter(({ text }) => text.trim().length > 20).length > 250);
});
