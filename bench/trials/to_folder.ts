// A model as a folder of safetensors that transformers loads, from whatever openModel opens.
// deno run --allow-read --allow-write bench/trials/to_folder.ts FILE.gguf FOLDER
import { openModel, writeMergedFolder } from "../../files/mod.ts";

if (import.meta.main) {
  const [spec, folder] = Deno.args;
  using model = await openModel(spec);
  const config = new TextEncoder().encode(JSON.stringify(model.configJson, null, 2));
  await writeMergedFolder(folder, model.source, [], {
    dtype: "F32",
    extraFiles: new Map([["config.json", config]]),
  });
}
