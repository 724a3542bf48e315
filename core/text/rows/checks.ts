// What every example must be, whatever the file looked like: fields all of one kind, a dialogue that is repeated told
// once, answers that say something, end, and differ.
import { isSystem } from "./ids.ts";
import { isHumanAssistant, kindOf, parseHumanAssistant, rowText } from "./messages.ts";
import { UnusableRow } from "./report.ts";
import type { Example, Message, PlainText, RowText } from "./rows.ts";
import { type PromptSplit, sameMessage, splitMessages } from "./split_prompt.ts";

/** An example before it has its place and tools. */
export type Body<E = Example> = E extends Example ? Omit<E, "place" | "tools"> : never;

/** Roles after which an answer is still to come. */
const OPEN = ["user", "system", "developer", "tool", "function"];

/** A prompt with two answers, and what a column `system` says. */
export function preferenceOf(
  { prompt, chosen, rejected }: PromptSplit<RowText>,
  system?: Message,
): Body {
  const parted = partedPair({ prompt, chosen, rejected });
  const { prompt: asked, ...answers } = parted;
  requireAlike({ prompt: asked, ...answers });
  for (const [name, answer] of Object.entries(answers)) requireAnswer(answer, name);
  requireDifferent(parted.chosen, parted.rejected);
  return { kind: "preference", ...withSystem(parted, system) };
}

/** A prompt with one answer. */
export function completionOf(
  prompt: RowText,
  answer: RowText,
  column: string,
  system?: Message,
): { prompt: RowText; completion: RowText; plain?: PlainText } {
  const parted = partedAnswer(prompt, answer, column);
  requireAlike({ prompt: parted.prompt, [column]: parted.completion });
  requireAnswer(parted.completion, column);
  return withSystem(parted, system);
}

/** Two dialogues in the form of Anthropic's HH data, as messages and as text. */
export function humanAssistantOf(texts: Readonly<Record<"chosen" | "rejected", unknown>>): Body {
  const [chosen, rejected] = (["chosen", "rejected"] as const).map((column) => {
    const text = rowText(texts[column], column);
    if (typeof text !== "string" || !isHumanAssistant(text)) {
      throw new UnusableRow(`${column} does not begin with "Human:"`);
    }
    const messages = parseHumanAssistant(text);
    const last = messages[messages.length - 1];
    if (last.role !== "assistant") throw new UnusableRow(`${column} has no last answer`);
    if (last.content === "") throw new UnusableRow(`${column} is empty`);
    return { text, messages };
  });
  const body = preferenceOf(splitMessages(chosen.messages, rejected.messages));
  const plain = partedTexts(chosen.text, rejected.text);
  return { ...body, ...(plain ? { plain } : {}) };
}

/** What a column `system` says; undefined where there is nothing. */
export function systemOf(value: unknown): Message | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") {
    throw new UnusableRow(`system is ${kindOf(value)}, expected text`);
  }
  return value.trim() === "" ? undefined : { role: "system", content: value };
}

/** Whether it is a list of messages. */
export function isDialogue(text: unknown): text is readonly Message[] {
  return Array.isArray(text);
}

/** Whether it is a list of messages in which the user speaks: the prompt is in it. */
export function isWhole(text: unknown): boolean {
  return isDialogue(text) &&
    text.some((message) => ["user", "human"].includes(String(message?.role ?? message?.from)));
}

/** An answer of messages must say or call something, and be finished. */
export function requireAnswer(answer: RowText, column: string): void {
  if (!isDialogue(answer)) return;
  if (answer.every(({ content, tool_calls }) => content.trim() === "" && !tool_calls)) {
    throw new UnusableRow(`${column} is empty`);
  }
  if (isWhole(answer)) throw new UnusableRow(`${column} has a turn of the user`);
  const { role } = answer[answer.length - 1];
  if (OPEN.includes(role)) {
    throw new UnusableRow(`${column} ends with a turn of ${role}, expected the assistant's`);
  }
}

/** All text or all messages: a template renders a dialogue as a whole. */
export function requireAlike(texts: Readonly<Record<string, RowText>>): void {
  const dialogues = Object.values(texts).filter(isDialogue).length;
  if (dialogues === 0 || dialogues === Object.keys(texts).length) return;
  const kinds = Object.entries(texts).map(([name, text]) =>
    `${name} is ${isDialogue(text) ? "messages" : "text"}`
  );
  throw new UnusableRow(`${kinds.join(", ")}: expected all of one kind`);
}

/** Nothing is learnt from two equal answers. */
export function requireDifferent(chosen: RowText, rejected: RowText): void {
  if (JSON.stringify(chosen) === JSON.stringify(rejected)) {
    throw new UnusableRow("chosen is the same as rejected");
  }
}

/** A pair whose answers may be whole dialogues, which say the prompt again and exactly. */
function partedPair(texts: PromptSplit<RowText>): PromptSplit<RowText> {
  const { prompt, chosen, rejected } = texts;
  if (!isDialogue(chosen) || !isDialogue(rejected)) return texts;
  if (typeof prompt === "string") {
    if (isWhole(chosen) && isWhole(rejected)) return splitMessages(chosen, rejected);
    return { prompt: asQuestion(prompt), chosen, rejected };
  }
  const [a, b] = [chosen, rejected].map((answer) => withoutPrompt(prompt, answer));
  if (a !== undefined && b !== undefined) return { prompt, chosen: a, rejected: b };
  if (!isWhole(chosen) || !isWhole(rejected)) return texts; // whoever checks the answers names the turn
  const split = splitMessages(chosen, rejected);
  if (!sameMessage(split.prompt[split.prompt.length - 1], prompt[prompt.length - 1])) {
    throw new UnusableRow("prompt is not what chosen and rejected begin with");
  }
  return split;
}

/** The same with one answer. */
function partedAnswer(
  prompt: RowText,
  completion: RowText,
  column: string,
): { prompt: RowText; completion: RowText } {
  if (!isDialogue(completion)) return { prompt, completion };
  if (isDialogue(prompt)) {
    const rest = withoutPrompt(prompt, completion);
    if (rest !== undefined || !isWhole(completion)) {
      return { prompt, completion: rest ?? completion };
    }
    const at = completion.findLastIndex(({ role }) => role === "user") + 1;
    const isAsked = sameMessage(completion[at - 1], prompt[prompt.length - 1]);
    return isAsked && at < completion.length
      ? { prompt: completion.slice(0, at), completion: completion.slice(at) }
      : { prompt, completion }; // whoever checks the answer names the turn
  }
  if (!isWhole(completion)) return { prompt: asQuestion(prompt), completion };
  const at = completion.findLastIndex(({ role }) => role === "user") + 1;
  if (at === completion.length) throw new UnusableRow(`${column} has no last answer`);
  return { prompt: completion.slice(0, at), completion: completion.slice(at) };
}

/**
 * What of a dialogue follows the prompt, with or without the system message that the prompt has; undefined where it does
 * not begin with it.
 */
function withoutPrompt(
  prompt: readonly Message[],
  dialogue: readonly Message[],
): readonly Message[] | undefined {
  const turns = prompt.slice(prompt.findIndex(({ role }) => !isSystem(role)));
  const said = [prompt, turns].find((begun) =>
    dialogue.length > begun.length && begun.every((message, i) => sameMessage(message, dialogue[i]))
  );
  return said && dialogue.slice(said.length);
}

/** Text as a question of the user. */
function asQuestion(prompt: string): readonly Message[] {
  return [{ role: "user", content: prompt }];
}

/** Puts the system's words first: before messages as they are, before text as messages and as text. */
function withSystem<T extends { readonly prompt: RowText }>(
  texts: T,
  system: Message | undefined,
): T & { plain?: PlainText } {
  const { prompt } = texts;
  if (system === undefined) return texts;
  if (typeof prompt !== "string") {
    return prompt[0].role === "system" ? texts : { ...texts, prompt: [system, ...prompt] };
  }
  const { prompt: _prompt, ...answers } = texts;
  const messages = Object.entries(answers).map(([name, content]) => [
    name,
    [{ role: "assistant", content }],
  ]);
  return {
    ...texts,
    ...Object.fromEntries(messages),
    prompt: [system, ...asQuestion(prompt)],
    plain: { ...answers, prompt: `${system.content}\n\n${prompt}` },
  };
}

const CUE = "\n\nAssistant:";

/** The texts of two HH dialogues: the prompt ends where the assistant is to speak. */
function partedTexts(
  chosen: string,
  rejected: string,
): { prompt: string; chosen: string; rejected: string } | undefined {
  let n = 0;
  while (n < chosen.length && chosen[n] === rejected[n]) n++;
  const at = chosen.slice(0, n).lastIndexOf(CUE) + CUE.length;
  if (at < CUE.length) return undefined;
  const texts = {
    prompt: chosen.slice(0, at),
    chosen: chosen.slice(at),
    rejected: rejected.slice(at),
  };
  return texts.chosen.trim() && texts.rejected.trim() ? texts : undefined;
}
