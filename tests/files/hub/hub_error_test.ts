import { assertEquals } from "@std/assert";
import { HubError, refusalOf } from "../../../files/hub/hub_error.ts";

const SPEC = { repo: "org/name", revision: "main", file: undefined };
const endpoint = "https://hub";

Deno.test("HubError.isUnreachable is no answer and the hub's own trouble", () => {
  const parts = { thing: "org/name", found: "x" };
  const unreachable = [undefined, 401, 404, 429, 500, 503].filter((status) =>
    new HubError(parts, status).isUnreachable
  );
  assertEquals(unreachable, [undefined, 429, 500, 503]);
});

Deno.test("refusalOf() says in one line why a request came to nothing", () => {
  const rows: [status: number | undefined, code: string | null, attempt: number, line: string][] = [
    [
      undefined,
      null,
      0,
      "https://hub does not answer (gone), expected the hub. Check the connection and HF_ENDPOINT",
    ],
    [
      403,
      null,
      0,
      "it is gated (403), expected access to it. Ask for it at https://hub/datasets/org/name. Set HF_TOKEN to a token that may read it",
    ],
    [
      404,
      "RevisionNotFound",
      0,
      'the hub has no revision "main" of it (404), expected one of https://hub/datasets/org/name',
    ],
    [404, "EntryNotFound", 0, "the hub has no such file (404), expected it"],
    [
      404,
      null,
      0,
      "the hub has none that we may see (404), expected a public dataset or one of yours. Check the name. Set HF_TOKEN to a token that may read it",
    ],
    [503, null, 2, "the hub answers 503 after 3 tries, expected 200. Try later"],
  ];
  for (const [status, code, attempt, line] of rows) {
    const headers: Record<string, string> = code === null ? {} : { "x-error-code": code };
    const response = status === undefined ? undefined : new Response(null, { status, headers });
    const request = { spec: SPEC, path: "f", response, attempt, cause: new Error("gone") };
    const error = refusalOf({ endpoint } as never, "dataset", request);
    assertEquals([error.message, error.status], [`Cannot download org/name/f: ${line}`, status]);
  }
});
