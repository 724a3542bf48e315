import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { HostTensors } from "../../../core/base/host_tensor.ts";
import {
  encodeModelFiles,
  fetchModelFolder,
  type HostModel,
  readModelFiles,
} from "../../../core/formats/model_files.ts";
import { encodeSafetensors, parseSafetensors } from "../../../core/formats/safetensors.ts";
import type { ModelConfig } from "../../../core/model/config.ts";
import { tensorShapes } from "../../../core/model/shapes.ts";
import { Mistake } from "../../../core/base/mistake.ts";

const CONFIG: ModelConfig = {
  vocabSize: 5,
  hiddenSize: 4,
  intermediateSize: 3,
  layers: 1,
  heads: 2,
  kvHeads: 1,
  headDim: 2,
  ropeTheta: 10000,
  rmsEps: 1e-5,
  tied: true,
  maxPositions: 8,
};

function model(config = CONFIG): HostModel {
  let next = 0;
  const tensors: HostTensors = new Map([...tensorShapes(config)].map(([name, shape]) => {
    const data = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => next++);
    return [name, { shape, data }];
  }));
  return { config, tensors, tokenizerJson: { model: { vocab: { é: 1 } } } };
}

const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
type Files = Map<string, Uint8Array>;
const read = (files: Files) => readModelFiles((file) => Promise.resolve(files.get(file)), "dir");
const WEIGHTS = "model.safetensors";
const INDEX = "model.safetensors.index.json";

/** The same model in two shards. */
function sharded(): Files {
  const files = encodeModelFiles(model());
  files.delete(WEIGHTS);
  const names = [...model().tensors.keys()];
  const weight_map: Record<string, string> = {};
  for (
    const [file, part] of [["a.safetensors", names.slice(0, 4)], [
      "b.safetensors",
      names.slice(4),
    ]] as const
  ) {
    files.set(
      file,
      encodeSafetensors(new Map(part.map((name) => [name, model().tensors.get(name)!]))),
    );
    for (const name of part) weight_map[name] = file;
  }
  files.set(INDEX, json({ metadata: { total_size: 464 }, weight_map }));
  return files;
}

Deno.test("encodeModelFiles() then readModelFiles() is the identity", async () => {
  for (const config of [CONFIG, { ...CONFIG, tied: false }]) {
    const files = encodeModelFiles(model(config), {
      extraFiles: new Map([["README.md", json("hi")]]),
    });
    assertEquals([...files.keys()], ["config.json", WEIGHTS, "tokenizer.json", "README.md"]);
    assertEquals(await read(files), model(config));
  }
  const { config, tensors } = model();
  assertEquals(await read(encodeModelFiles({ config, tensors })), { config, tensors });
});

Deno.test("encodeModelFiles() writes BF16 where asked, and says so in config.json", () => {
  const files = encodeModelFiles(model(), { dtype: "BF16" });
  const stored = parseSafetensors(files.get(WEIGHTS)!, WEIGHTS);
  assertEquals(stored.tensors.get("model.norm.weight")!.dtype, "BF16");
  assertEquals(stored.metadata.get("format"), "pt"); // transformers refuses files without
  assertEquals(
    JSON.parse(new TextDecoder().decode(files.get("config.json"))).torch_dtype,
    "bfloat16",
  );
});

Deno.test("readModelFiles() reads shards", async () => {
  assertEquals(await read(sharded()), model());
});

Deno.test("readModelFiles() drops a tied head that is the embedding, and old RoPE tables", async () => {
  const { config, tensors } = model();
  const more = new Map(tensors);
  more.set("lm_head.weight", tensors.get("model.embed_tokens.weight")!);
  more.set("model.layers.0.self_attn.rotary_emb.inv_freq", {
    shape: [1],
    data: Float32Array.of(1),
  });
  const files = encodeModelFiles({ config, tensors });
  files.set(WEIGHTS, encodeSafetensors(more));
  assertEquals((await read(files)).tensors, tensors);
});

const change = (
  files: Files,
  file: string,
  edit: (value: Record<string, unknown>) => void,
): Files => {
  const value = JSON.parse(new TextDecoder().decode(files.get(file)));
  edit(value);
  return files.set(file, json(value));
};
const without = (files: Files, ...names: string[]): Files => {
  names.forEach((name) => files.delete(name));
  return files;
};
const mapTo = (file: unknown) =>
  change(sharded(), INDEX, (index) => {
    index.weight_map = { ...(index.weight_map as object), "model.norm.weight": file };
  });
Deno.test("readModelFiles() keeps a tied model's own head, and the config says so", async () => {
  const tensors = new Map(model().tensors);
  tensors.set("lm_head.weight", { shape: [5, 4], data: new Float32Array(20) });
  const files = encodeModelFiles(model()).set(WEIGHTS, encodeSafetensors(tensors));
  const own = await read(files);
  assertEquals([own.config.tied, own.tensors.get("lm_head.weight")!.data.length], [false, 20]);
  assertEquals((await read(encodeModelFiles(own))).config.tied, false);
  tensors.set("lm_head.weight", tensors.get("model.embed_tokens.weight")!);
  const same = await read(files.set(WEIGHTS, encodeSafetensors(tensors)));
  assertEquals([same.config.tied, same.tensors.has("lm_head.weight")], [true, false]);
});

const REFUSED: [what: string, files: () => Files, message: string][] = [
  [
    "no config",
    () => without(encodeModelFiles(model()), "config.json"),
    "Cannot read dir: config.json is missing, expected a Hugging Face model folder",
  ],
  [
    "no weights",
    () => without(encodeModelFiles(model()), WEIGHTS),
    `Cannot read dir: ${WEIGHTS} and ${INDEX} are missing, expected one of them. ` +
    "Save other weights with save_pretrained(safe_serialization=True)",
  ],
  [
    "a config that is a web page",
    () => encodeModelFiles(model()).set("config.json", new TextEncoder().encode("<html>")),
    "Cannot read dir/config.json: the file is a web page, expected a JSON object. " +
    "Check the address and whether it asks for a login",
  ],
  [
    "a tokenizer that is no JSON",
    () => encodeModelFiles(model()).set("tokenizer.json", new TextEncoder().encode("{")),
    "Cannot read dir/tokenizer.json: the file is not JSON, expected a JSON object",
  ],
  [
    "a config of other sizes",
    () =>
      change(encodeModelFiles(model()), "config.json", (config) => config.intermediate_size = 9),
    'Cannot load dir: tensor "model.layers.0.mlp.gate_proj.weight" shape is [3, 4], ' +
    "expected [9, 4] from the config",
  ],
  [
    "a missing shard",
    () => without(sharded(), "b.safetensors"),
    `Cannot read dir: b.safetensors is missing, expected it, as ${INDEX} lists it`,
  ],
  [
    "a tensor in another shard than the index says",
    () => mapTo("a.safetensors"),
    `Cannot read dir/a.safetensors: tensor "model.norm.weight" is missing, expected it there, as dir/${INDEX} says`,
  ],
  [
    "a tensor that the index does not list",
    () =>
      change(sharded(), INDEX, (index) => {
        delete (index.weight_map as Record<string, unknown>)["model.norm.weight"];
      }),
    'Cannot read dir/b.safetensors: tensor "model.norm.weight" is there, ' +
    `expected only what dir/${INDEX} lists for the file`,
  ],
  [
    "a shard outside the folder",
    () => mapTo("../b.safetensors"),
    `Cannot read dir/${INDEX}: weight_map "model.norm.weight" is "../b.safetensors", ` +
    "expected a .safetensors file of this folder",
  ],
  [
    "an index without a map",
    () => change(sharded(), INDEX, (index) => index.weight_map = [1]),
    `Cannot read dir/${INDEX}: weight_map is [1], expected an object`,
  ],
];
for (const [what, files, message] of REFUSED) {
  Deno.test(`readModelFiles() refuses ${what}`, async () => {
    assertEquals((await assertRejects(() => read(files()), Mistake)).message, message);
  });
}

Deno.test("encodeModelFiles() refuses an extra file of its own name", () => {
  const extraFiles = new Map([["config.json", json({})]]);
  assertEquals(
    assertThrows(() => encodeModelFiles(model(), { extraFiles }), Mistake).message,
    'Cannot write the model: extra file "config.json" is one of its own',
  );
});

Deno.test("fetchModelFolder() reads over http, whole or in shards, and passes server errors on", async () => {
  const folders: Record<string, Files> = { whole: encodeModelFiles(model()), shards: sharded() };
  await using server = Deno.serve({ port: 0, onListen: () => {} }, (request) => {
    const [, folder, file] = new URL(request.url).pathname.split("/");
    if (folder === "broken") return new Response("later", { status: 503 });
    const bytes = folders[folder]?.get(file);
    return bytes ? new Response(bytes.slice()) : new Response("no", { status: 404 });
  });
  const base = `http://localhost:${server.addr.port}`;
  assertEquals(await fetchModelFolder(new URL(`${base}/whole/`)), model());
  assertEquals(await fetchModelFolder(new URL(`${base}/shards`)), model());
  const rows = [
    ["broken", `Cannot read ${base}/broken/config.json: the server says 503, expected 200`],
    [
      "none",
      `Cannot read ${base}/none: config.json is missing, expected a Hugging Face model folder`,
    ],
  ];
  for (const [folder, message] of rows) {
    const error = await assertRejects(
      () => fetchModelFolder(new URL(`${base}/${folder}`)),
      Mistake,
    );
    assertEquals(error.message, message);
  }
});
