// A judge behind a real address: `fakeJudge` on a port of this machine.
import { fakeJudge, type FakeQuestion } from "./fake_judge.ts";

/** The server, what it was asked, and with which key. Disposing it closes it. */
export interface JudgeServer extends AsyncDisposable {
  /** Of its API. */
  readonly url: string;
  readonly seen: readonly FakeQuestion[];
  readonly keys: ReadonlySet<string | null>;
}

/** Starts one; a canary gets its right verdict, everything else `judge`'s. */
export function judgeServer(judge: (prompt: string, a: string, b: string) => string): JudgeServer {
  const fake = fakeJudge(judge), keys = new Set<string | null>();
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async (request) => {
      keys.add(request.headers.get("authorization"));
      return await fake.fetch(request.url, { body: await request.text() });
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}/v1`,
    ...{ seen: fake.seen, keys },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** A judge that passes its canaries and else prefers the longer answer. */
export function longerButRight(_prompt: string, a: string, b: string): string {
  const right = ["is 56", "is Paris", "The brown dog ran", "Guten"];
  for (const part of right) {
    if (a.includes(part) !== b.includes(part)) return a.includes(part) ? "A" : "B";
  }
  return a.length === b.length ? "tie" : a.length > b.length ? "A" : "B";
}
