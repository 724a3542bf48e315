// An OpenAI-compatible endpoint in memory: it finds prompt and answers between their fences and judges by a function.

/** What a question's body has. */
export interface FakeQuestion {
  readonly model: string;
  readonly temperature: number;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly response_format: { readonly type: string };
}

/** The three texts of a question. */
export function fencedTexts(
  { messages }: Pick<FakeQuestion, "messages">,
): [string, string, string] {
  const { content } = messages[1];
  const fence = /^<request (\w+)>\n/.exec(content)![1];
  const text = (tag: string) =>
    content.split(`<${tag} ${fence}>\n`)[1].split(`\n</${tag} ${fence}>`)[0];
  return [text("request"), text("answer-A"), text("answer-B")];
}

/** A chat completion that says so: a hundred tokens read, ten written. */
export function completion(content: string): Response {
  return Response.json({
    choices: [{ message: { role: "assistant", content }, finish_reason: "stop" }],
    usage: { prompt_tokens: 100, completion_tokens: 10 },
  });
}

/** The endpoint. `replies` may answer a question, by its number from 0, in another way. */
export function fakeJudge(
  judge: (prompt: string, a: string, b: string) => string,
  { replies = () => undefined }: {
    readonly replies?: (i: number, question: FakeQuestion) => Response | undefined;
  } = {},
): { readonly fetch: typeof fetch; readonly seen: FakeQuestion[] } {
  const seen: FakeQuestion[] = [];
  return {
    seen,
    fetch: (_url, init) => {
      const question = JSON.parse(String(init?.body)) as FakeQuestion;
      const i = seen.push(question) - 1;
      const winner = judge(...fencedTexts(question));
      return Promise.resolve(
        replies(i, question) ?? completion(JSON.stringify({ reason: "so", winner })),
      );
    },
  };
}
