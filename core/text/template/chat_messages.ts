// The messages that a chat template renders: what they may be, and the mark that leaves the last one open.
import { cannotRender } from "./render_mistake.ts";
import { stripText } from "./values.ts";

const CONTINUE = "CONTINUE_FINAL_MESSAGE_TAG "; // transformers' own mark; the space tells whether content was trimmed

/** One message of a dialogue; keys beside these (`tool_calls`, `name`, …) reach the template too. */
export interface ChatMessage {
  /** `system`, `user`, `assistant`, `tool`, or what else the template knows. */
  readonly role: string;
  /** Text, or parts such as `{ type: "text", text }`; a message with tool calls may have none. */
  readonly content?: unknown;
  /** What else the template reads. */
  readonly [key: string]: unknown;
}

/** Refuses what is no list of messages. */
export function checkMessages(
  messages: readonly ChatMessage[],
  name: string,
): readonly ChatMessage[] {
  if (!Array.isArray(messages)) {
    throw cannotRender(name, {
      found: `messages is ${typeof messages}`,
      expected: "a list",
    });
  }
  messages.forEach((message: unknown, i) => {
    if (typeof message !== "object" || message === null || Array.isArray(message)) {
      throw cannotRender(name, {
        found: `message ${i} is ${
          message === null ? "null" : Array.isArray(message) ? "a list" : `a ${typeof message}`
        }`,
        expected: "an object with role and content",
      });
    }
  });
  return messages;
}

const REASONING = ["reasoning_content", "thinking", "reasoning"];

/** A message's reasoning under each of the names that templates read it by. */
export function withReasoning(message: ChatMessage): ChatMessage {
  const key = REASONING.find((name) => message[name] !== undefined && message[name] !== null);
  if (key === undefined) return message;
  return { thinking: message[key], ...message, reasoning_content: message[key] };
}

/** The dialogue with a mark behind the text of its last message, which the template is to leave open. */
export function markLast(
  chat: readonly ChatMessage[],
  name: string,
): { marked: readonly ChatMessage[]; final: string } {
  const last = chat[chat.length - 1];
  const { content } = last ?? {};
  if (typeof content === "string") {
    return {
      marked: [...chat.slice(0, -1), { ...last, content: content + CONTINUE }],
      final: content,
    };
  }
  if (Array.isArray(content)) {
    const at = content.findLastIndex((part) => typeof part?.text === "string");
    if (at >= 0) {
      const parts = content.with(at, { ...content[at], text: content[at].text + CONTINUE });
      return {
        marked: [...chat.slice(0, -1), { ...last, content: parts }],
        final: content[at].text,
      };
    }
  }
  throw cannotRender(name, {
    found: "the last message has no text",
    expected: "some to go on with",
  });
}

/** A rendering up to the mark: the last message has no end yet. */
export function cutAtMark(text: string, final: string, name: string): string {
  const at = text.lastIndexOf(CONTINUE.trim());
  if (at < 0 || !text.includes(stripText(final, "strip"))) {
    throw cannotRender(name, {
      found: "the template leaves parts of the last message out",
      expected: "all of it to go on with",
    });
  }
  const whole = text.slice(0, at);
  return text.startsWith(CONTINUE, at) ? whole : stripText(whole, "rstrip");
}
