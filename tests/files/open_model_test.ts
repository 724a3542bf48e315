import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { encodeSafetensors } from "../../core/formats/safetensors.ts";
import { openModel, readModelFolder } from "../../files/mod.ts";
import { cutLlama, smallLlama } from "../malformed/gguf.ts";
import { Mistake } from "../../core/base/mistake.ts";
import { inFolder } from "../support/in_folder.ts";

const EMBEDDED = new URL("../../stories/model", import.meta.url).pathname;

async function copyModel(to: string): Promise<void> {
  await Deno.mkdir(to);
  for await (const { name } of Deno.readDir(EMBEDDED)) {
    await Deno.copyFile(`${EMBEDDED}/${name}`, `${to}/${name}`);
  }
}

Deno.test("openModel() opens a folder: config, tokenizer, weights that can be read", async () => {
  using model = await openModel(`${EMBEDDED}/`);
  assertEquals([model.gguf, model.config.hiddenSize, model.path], [false, 96, EMBEDDED]);
  assertEquals(model.configJson.model_type, "llama");
  assertEquals(
    model.tokenizer?.decode(model.tokenizer.encode("Once upon a time")),
    "Once upon a time",
  );
  assertEquals(model.chat, undefined);
  assertEquals((await model.source.read("model.norm.weight")).length, 96);
});

Deno.test("openModel() opens a GGUF file, by its name or as the only one in a folder", async () => {
  await inFolder(async (dir) => {
    await Deno.writeFile(`${dir}/tiny.gguf`, smallLlama());
    for (const spec of [`${dir}/tiny.gguf`, dir]) {
      using model = await openModel(spec);
      assertEquals([model.gguf, model.path, model.name], [true, `${dir}/tiny.gguf`, spec]);
      assert(model.source.tensors.size > 0);
    }
    await Deno.writeFile(`${dir}/other.gguf`, smallLlama());
    await assertRejects(
      () => openModel(dir),
      Mistake,
      "it holds 2 GGUF files, expected one of them: other.gguf, tiny.gguf",
    );
  });
});

Deno.test("openModel() opens a GGUF file in parts by any part, or by its folder", async () => {
  await inFolder(async (dir) => {
    const parts = cutLlama();
    for (const [name, bytes] of parts) await Deno.writeFile(`${dir}/${name}`, bytes);
    const size = parts.values().reduce((sum, { length }) => sum + length, 0);
    for (const spec of [dir, ...parts.keys().map((name) => `${dir}/${name}`)]) {
      using model = await openModel(spec);
      assertEquals(model.ggufFiles, { count: 3, bytes: size });
    }
    await Deno.remove(`${dir}/m-00002-of-00003.gguf`);
    for (const spec of [dir, `${dir}/m-00001-of-00003.gguf`, `${dir}/m-00003-of-00003.gguf`]) {
      await assertRejects(() => openModel(spec), Mistake, '"m-00002-of-00003.gguf" is missing');
    }
  });
});

Deno.test("openModel() takes end tokens from generation_config.json and a chat template from its file", async () => {
  await inFolder(async (dir) => {
    await copyModel(`${dir}/m`);
    await Deno.writeTextFile(`${dir}/m/generation_config.json`, '{"eos_token_id": [0, 5]}');
    await Deno.writeTextFile(
      `${dir}/m/chat_template.jinja`,
      "{% for m in messages %}{{ m.content }}!{% endfor %}",
    );
    using model = await openModel(`${dir}/m`);
    assertEquals(model.config.eosId, [0, 5]);
    assertEquals(model.chat?.render([{ role: "user", content: "Hi" }]), "Hi!");
    await Deno.writeTextFile(`${dir}/m/chat_template.jinja`, "{% if %}");
    using broken = await openModel(`${dir}/m`); // whose text can still be generated
    assertThrows(
      () => broken.chat?.render([]),
      Mistake,
      `Cannot read the chat template of ${dir}/m: `,
    );
  });
});

Deno.test("openModel() asks the downloader for a hub id that is no local path, and for nothing else", async () => {
  const asked: string[] = [];
  const download = (spec: string) => {
    asked.push(spec);
    return Promise.resolve(EMBEDDED);
  };
  for (const spec of ["org/name", "org/name@v1.0", "org/name:model.gguf"]) {
    using model = await openModel(spec, { download });
    assertEquals([model.name, model.path], [spec, EMBEDDED]);
  }
  using _local = await openModel(EMBEDDED, { download });
  assertEquals(asked, ["org/name", "org/name@v1.0", "org/name:model.gguf"]);
  for (const spec of ["no-such-model", "../up/and/away", "/no/such"]) {
    const error = await assertRejects(() => openModel(spec, { download }), Mistake);
    assertEquals(
      error.message,
      `Cannot open the model ${spec}: it is not there, expected a folder with config.json or a .gguf file, or a hub id as org/name`,
    );
  }
  assertEquals(asked.length, 3);
});

Deno.test("openModel() reads named templates of additional_chat_templates beside the default in any place", async () => {
  await inFolder(async (dir) => {
    await copyModel(`${dir}/m`);
    await Deno.mkdir(`${dir}/m/additional_chat_templates`);
    await Deno.writeTextFile(`${dir}/m/additional_chat_templates/tool_use.jinja`, "with tools");
    await Deno.writeTextFile(`${dir}/m/additional_chat_templates/rag.jinja`, "rag");
    await Deno.writeTextFile(`${dir}/m/additional_chat_templates/README.md`, "no template");
    const places = ["chat_template.jinja", "chat_template.json", "tokenizer_config.json"];
    for (const place of places) {
      const before = await Deno.readTextFile(`${dir}/m/${place}`).catch(() => "{}");
      const said = JSON.stringify({ ...JSON.parse(before), chat_template: "plain" });
      await Deno.writeTextFile(`${dir}/m/${place}`, place.endsWith("jinja") ? "plain" : said);
      using model = await openModel(`${dir}/m`);
      assertEquals(model.chat?.render([]), "plain", place);
      assertEquals(model.chat?.render([], { tools: [{}] }), "with tools", place);
      assertEquals([...model.chat?.source as Map<string, string>].length, 3, place);
      await Deno.writeTextFile(`${dir}/m/${place}`, before);
      if (before === "{}") await Deno.remove(`${dir}/m/${place}`);
    }
  });
});

Deno.test("openModel() keeps a head of its own in a model that says tied, and notes it", async () => {
  await inFolder(async (dir) => {
    await copyModel(`${dir}/m`);
    const { config, tensors } = await readModelFolder(EMBEDDED);
    const { shape, data } = tensors.get("model.embed_tokens.weight")!;
    const write = async (head: Float32Array<ArrayBuffer>) =>
      await Deno.writeFile(
        `${dir}/m/model.safetensors`,
        encodeSafetensors(new Map([...tensors, ["lm_head.weight", { shape, data: head }]])),
      );
    await write(data.map((x) => 2 * x));
    {
      using model = await openModel(`${dir}/m`);
      assertEquals([config.tied, model.config.tied], [true, false]);
      assertEquals(model.notes.length, 1);
      assertEquals((await model.source.read("lm_head.weight"))[0], 2 * data[0]);
    }
    await write(data);
    using model = await openModel(`${dir}/m`);
    assertEquals([model.config.tied, model.notes], [true, []]);
    assertEquals(model.source.tensors.has("lm_head.weight"), false);
  });
});

Deno.test("openModel() tells the template the day, adds end tokens, and notes a turn that cannot end", async () => {
  await inFolder(async (dir) => {
    await copyModel(`${dir}/m`);
    const path = `${dir}/m/tokenizer.json`;
    const json = JSON.parse(await Deno.readTextFile(path));
    const content = "Y"; // a token of the vocabulary that becomes the end of a turn
    const id = json.model.vocab[content];
    json.added_tokens.push({ ...json.added_tokens[0], id, content });
    await Deno.writeTextFile(path, JSON.stringify(json));
    await Deno.writeTextFile(
      `${dir}/m/chat_template.jinja`,
      "{{ strftime_now('%d.%m.%Y') }}{% for m in messages %}{{ m.content }}" +
        `{{ '${content}' }}{% endfor %}`,
    );
    {
      using model = await openModel(`${dir}/m`, { date: "2020-02-03" });
      assertEquals([model.date, model.chat!.render([])], ["2020-02-03", "03.02.2020"]);
      assertEquals([model.addedEnds, model.notes.length], [[], 1]);
      assert(model.notes[0].includes(`(id ${id})`), model.notes[0]);
    }
    using model = await openModel(`${dir}/m`, { endTokens: [content, "0"] });
    assertEquals([model.config.eosId, model.addedEnds, model.notes], [[0, id], [id], []]);
    assert(/^\d{4}-\d\d-\d\d$/.test(model.date!));
    await Deno.writeTextFile(`${dir}/m/chat_template.jinja`, "no date");
    using plain = await openModel(`${dir}/m`, { date: "2020-02-03" });
    assertEquals(plain.date, undefined);
    for (const options of [{ endTokens: ["no token"] }, { date: "2020-02-30" }]) {
      await assertRejects(() => openModel(`${dir}/m`, options), Mistake, "expected");
    }
  });
});

const BROKEN: [what: string, change: (dir: string) => Promise<void>, message: string][] = [
  [
    "no config",
    (dir) => Deno.remove(`${dir}/config.json`),
    "config.json is missing, expected a Hugging Face model folder",
  ],
  [
    "no weights",
    (dir) => Deno.remove(`${dir}/model.safetensors`),
    "model.safetensors and model.safetensors.index.json are missing, expected one of them",
  ],
  [
    "a pickle",
    async (dir) => {
      await Deno.remove(`${dir}/model.safetensors`);
      await Deno.writeTextFile(`${dir}/pytorch_model.bin`, "");
    },
    "pytorch_model.bin is a pickle, which can run code, expected one of them",
  ],
  [
    "a tokenizer of a larger model",
    async (dir) => {
      const config = JSON.parse(await Deno.readTextFile(`${dir}/config.json`));
      await Deno.writeTextFile(
        `${dir}/config.json`,
        JSON.stringify({ ...config, vocab_size: 500 }),
      );
    },
    "is past the embedding, expected ids below its 500 rows",
  ],
];
for (const [what, change, message] of BROKEN) {
  Deno.test(`openModel() refuses ${what}, and leaves no file open`, async () => {
    await inFolder(async (dir) => {
      await copyModel(`${dir}/m`);
      await change(`${dir}/m`);
      const error = await assertRejects(() => openModel(`${dir}/m`), Error);
      assert(error.message.includes(message) && !error.message.includes("\n"), error.message);
    });
  });
}

Deno.test("openModel() says on one line that config.json is a folder, or the name is odd", async () => {
  await inFolder(async (dir) => {
    await Deno.mkdir(`${dir}/config.json`);
    const error = await assertRejects(() => openModel(dir), Mistake);
    assertEquals(
      error.message,
      `Cannot read ${dir}/config.json: it is a folder, expected a file. Rename the folder`,
    );
  });
  await assertRejects(
    () => openModel("no\nsuch"),
    Mistake,
    "Cannot open the model no\\nsuch: it is not there",
  );
});
