// A dialogue that fits the context: the model's ids of it, and which of the oldest turns were left out for that.
import { encodeChat, type Message } from "../../core/mod.ts";
import { textIds } from "./encoded_prompts.ts";
import type { BaseModel } from "../policy/base_model.ts";
import { UsageError } from "../terminal/mistake.ts";

/** Turns as the model reads them. */
export interface FittedTurns {
  /** Ids, the header of the answer last. */
  readonly ids: readonly number[];
  /** Messages from the start that were left out. */
  readonly dropped: number;
}

/** A dialogue as text for a model without a template, as in Anthropic's HH data; the answer is to follow. */
export function plainDialogue(messages: readonly Message[]): string {
  const turns = messages.map(({ role, content }) =>
    role === "user" ? `Human: ${content}` : role === "assistant" ? `Assistant: ${content}` : content
  );
  return [...turns, "Assistant:"].join("\n\n");
}

/** Where an answer in plain text ends: the model goes on with the other speaker. */
const NEXT_TURN = /\n+\s*Human:[^]*$/;

/** What of an answer is the answer. */
export function trimmedAnswer(text: string, base: BaseModel, template: boolean): string {
  return template && base.chat ? text.trim() : text.replace(NEXT_TURN, "").trim();
}

/** What at the end of a text may become the other speaker's turn. */
const BEGUN_TURN = /\n\s*(?:H|Hu|Hum|Huma|Human)$/;

/** Shows an answer as it comes: what is shown in the end is the `trimmedAnswer` of all pieces. */
export function answerWriter(
  write: (text: string) => void,
  base: BaseModel,
  template: boolean,
): { push(piece: string): void; end(): void } {
  let text = "", shown = 0;
  const show = (answer: string) => {
    if (answer.length > shown) write(answer.slice(shown));
    shown = Math.max(shown, answer.length);
  };
  return {
    push(piece) {
      text += piece;
      const answer = trimmedAnswer(text, base, template);
      show(template ? answer : answer.replace(BEGUN_TURN, ""));
    },
    end: () => show(trimmedAnswer(text, base, template)),
  };
}

/**
 * Encodes a dialogue; drops the oldest questions with their answers until it fits.
 *
 * @param messages A system turn first or none, then questions and answers in turn, a question last.
 * @param most Tokens that it may take.
 * @param template Whether the model's chat template writes it, where there is one.
 * @throws {UsageError} If the last question alone does not fit.
 */
export function fitTurns(
  base: BaseModel,
  messages: readonly Message[],
  most: number,
  template: boolean,
): FittedTurns {
  const system = messages[0]?.role === "system" ? messages.slice(0, 1) : [];
  let turns = messages.slice(system.length);
  for (let dropped = 0;; dropped += 2) {
    const ids = turnIds(base, [...system, ...turns], template);
    if (ids.length <= most) return { ids, dropped };
    if (turns.length <= 1) {
      throw new UsageError({
        verb: "answer",
        found: `the question has ${ids.length} tokens`,
        expected: `at most ${most} so that the answer fits in the context`,
      });
    }
    turns = turns.slice(2);
  }
}

function turnIds(base: BaseModel, messages: readonly Message[], template: boolean): number[] {
  const { chat, tokenizer, opened } = base;
  if (!template || chat === undefined) return textIds(base, plainDialogue(messages));
  const allSpecial = opened?.tokenizer?.allSpecial ?? [];
  return encodeChat({ ...tokenizer, allSpecial }, chat, messages, { addGenerationPrompt: true });
}
