// A tokenizer's files and a chat template: read as a model's would be, the template tried on one question.
import {
  type ChatTemplate,
  chatTemplate,
  type ChatTemplateSource,
  findChatTemplate,
  type PretrainedTokenizer,
  readPretrainedTokenizer,
} from "../../core/mod.ts";
import { parseJsonObject, refuseWrongDownload } from "../../core/base/json_object.ts";
import { namesIn } from "../../files/model_companions.ts";
import { readSmallFile } from "../../files/small_file.ts";
import { bytesOf, fileBytes, folderOf } from "./files.ts";
import type { Report, ReportValue } from "./report.ts";

/** Reads the tokenizer of a folder; the file that was named is part of it. */
export async function inspectTokenizer(path: string, isFolder: boolean): Promise<Report> {
  const folder = isFolder ? path : folderOf(path);
  const read = (name: string) => readSmallFile(folder === "" ? name : `${folder}/${name}`);
  const list = (name: string) => namesIn(folder === "" ? name : `${folder}/${name}`);
  const tokenizer = await readPretrainedTokenizer(read, folder === "" ? "." : folder, { list });
  tokenizer.encode("Tokenizers are tried on a text, with 1 number and an é.");
  const source = tokenizer.chatTemplate;
  if (source !== undefined) {
    probeTemplate(chatTemplate(source, { ...tokenizer.specialTokens, name: path }));
  }
  return {
    kind: isFolder ? "tokenizer folder" : "tokenizer",
    path,
    ...(isFolder ? {} : { bytes: await fileBytes(path) }),
    ...tokenizerReport(tokenizer),
    ...templateReport(source),
  };
}

/** Whether there is a chat template, and the names where there are several. */
export function templateReport(
  source: ChatTemplateSource | undefined,
): { readonly [name: string]: ReportValue | undefined } {
  return {
    chatTemplate: source !== undefined,
    ...(source === undefined || typeof source === "string"
      ? {}
      : { templates: [...source.keys()].slice(0, 50) }),
  };
}

/** Vocabulary and special tokens. */
export function tokenizerReport(
  tokenizer: PretrainedTokenizer,
): { readonly [name: string]: ReportValue | undefined } {
  const { vocabSize, bosId, eosIds, padId, unkId, specialTokens, allSpecial } = tokenizer;
  const named = (id: number | undefined, text: string | undefined) =>
    id === undefined ? null : text === undefined ? String(id) : `${id} ${JSON.stringify(text)}`;
  return {
    vocabSize,
    begin: named(bosId, specialTokens.bosToken),
    end: eosIds.length === 0
      ? null
      : eosIds.map((id) => id === tokenizer.eosId ? named(id, specialTokens.eosToken) : String(id))
        .join(", "),
    padding: named(padId, specialTokens.padToken),
    unknown: named(unkId, specialTokens.unkToken),
    specialTokens: allSpecial.length,
  };
}

/** Reads a chat template's file. */
export async function inspectTemplate(path: string): Promise<Report> {
  const bytes = await bytesOf(path);
  const source = new TextDecoder().decode(bytes);
  probeTemplate(chatTemplate(source, { name: path }));
  return { kind: "chat template", path, bytes: bytes.length, characters: source.length };
}

/** Renders one question: what a template refuses or cannot do is known only then. */
export function probeTemplate(template: ChatTemplate): void {
  template.render([{ role: "user", content: "Hi" }], { addGenerationPrompt: true });
}

/** A JSON file that says something of a tokenizer or of generation, without the tokenizer beside it. */
export async function inspectTokenizerConfig(path: string, kind: string): Promise<Report> {
  const bytes = await bytesOf(path);
  refuseWrongDownload(bytes, path, "a JSON file");
  const json = parseJsonObject(bytes, path, "the file");
  const template = findChatTemplate({ json });
  if (template !== undefined) probeTemplate(chatTemplate(template, { name: path }));
  return {
    kind,
    path,
    bytes: bytes.length,
    fields: Object.keys(json).slice(0, 50),
    ...(kind.startsWith("tokenizer") ? templateReport(template) : {}),
  };
}
