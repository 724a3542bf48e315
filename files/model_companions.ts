// What belongs to a model beside its weights, in one list: whatever downloads, reads or copies a model takes the same
// files. Code never is among them.
import { statIfThere } from "./small_file.ts";

/** Where transformers keeps chat templates beside the first: `NAME.jinja` each. */
const TEMPLATE_FOLDER = "additional_chat_templates";

const FILES: ReadonlySet<string> = new Set([
  ...["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"],
  ...["special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt"],
  ...["tokenizer.model", "chat_template.jinja", "chat_template.json"],
]);
const TEMPLATE = new RegExp(`^${TEMPLATE_FOLDER}/[^/]+\\.jinja$`);

/** Whether a file of a model's folder or repository belongs to the model, by its path in there. */
export function isCompanion(path: string): boolean {
  return FILES.has(path) || TEMPLATE.test(path);
}

/** Names in a folder on this machine; none where there is no such folder. */
export async function namesIn(folder: string): Promise<string[]> {
  if (!(await statIfThere(folder))?.isDirectory) return [];
  return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
}

/** Paths of a model folder's companions that are there. */
export async function companionsOf(folder: string): Promise<string[]> {
  const inTemplates = (await namesIn(`${folder}/${TEMPLATE_FOLDER}`))
    .map((name) => `${TEMPLATE_FOLDER}/${name}`);
  return [...await namesIn(folder), ...inTemplates].filter(isCompanion);
}
