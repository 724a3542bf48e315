import { assertEquals } from "@std/assert";
import { encodeSafetensors, openModel, readModelFolder } from "../../../files/mod.ts";
import { openExportModel, writeMerged } from "../../../cli/policy/export_model.ts";
import { commandWorkspace } from "../../support/command_run.ts";
import { recordingTerminal } from "../../support/tiny_run.ts";

const GGUF = new URL("../../fixtures/gguf/llama.gguf", import.meta.url).pathname;
const terminal = recordingTerminal();

Deno.test("writeMerged() of a GGUF file writes a folder in f32 with its config, that opens", async () => {
  using work = await commandWorkspace();
  using model = await openExportModel(GGUF, { terminal });
  const out = `${work.dir}/merged`;
  await writeMerged(out, model, [], { terminal, maxShardBytes: 5e9 });
  using merged = await openModel(out);
  using base = await openModel(GGUF);
  assertEquals(merged.config, base.config);
  assertEquals(
    new Set([...merged.source.tensors.values()].map(({ dtype }) => dtype)),
    new Set(["F32"]),
  );
  for (const name of base.source.tensors.keys()) {
    assertEquals(await merged.source.read(name), await base.source.read(name), name);
  }
});

Deno.test("baseFiles() says what the weights and --end-token know better than the files", async () => {
  using work = await commandWorkspace();
  const { config, tensors } = await readModelFolder(`${work.dir}/chat`);
  const { shape, data } = tensors.get("model.embed_tokens.weight")!;
  const head = { shape, data: data.map((x) => x + 1) };
  await Deno.writeFile(
    `${work.dir}/chat/model.safetensors`,
    encodeSafetensors(new Map([...tensors, ["lm_head.weight", head]])),
  );
  await Deno.writeTextFile(`${work.dir}/chat/generation_config.json`, '{"top_k":3}');
  using model = await openExportModel(`${work.dir}/chat`, { terminal }, "5");
  const out = `${work.dir}/merged`;
  await writeMerged(out, model, [], { terminal, maxShardBytes: 5e9 });
  using merged = await openModel(out);
  assertEquals([config.tied, merged.configJson.tie_word_embeddings], [true, false]);
  assertEquals([merged.notes, merged.config.eosId], [[], [0, 5]]);
  assertEquals((await merged.source.read("lm_head.weight"))[0], head.data[0]);
  assertEquals(JSON.parse(await Deno.readTextFile(`${out}/generation_config.json`)), {
    top_k: 3,
    eos_token_id: [0, 5],
  });
});

Deno.test("openExportModel() of a folder keeps types and companions; without a name it is the embedded model", async () => {
  using work = await commandWorkspace();
  using chat = await openExportModel(`${work.dir}/chat`, { terminal });
  const out = `${work.dir}/merged`;
  await writeMerged(out, chat, [], { terminal, maxShardBytes: 5e9, dtype: "BF16" });
  using merged = await openModel(out);
  assertEquals(String(merged.chat?.source).startsWith("{% for m in messages %}"), true);
  using embedded = await openExportModel(undefined, { terminal });
  assertEquals([...(await embedded.files()).extraFiles!.keys()], [
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
  ]);
});
