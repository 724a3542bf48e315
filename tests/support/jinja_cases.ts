// Short templates over all of Jinja that chat templates use, and what Python's Jinja makes of them.

/** tests/fixtures/chat/jinja.json. */
export interface JinjaCases {
  /** What the templates are given. */
  variables: Record<string, unknown>;
  /** By what they show; `text` is absent where Python refuses. */
  cases: Record<string, { source: string; text?: string; error?: string }>;
}

/** Reads the cases. */
export async function jinjaCases(): Promise<JinjaCases> {
  return JSON.parse(
    await Deno.readTextFile(new URL("../fixtures/chat/jinja.json", import.meta.url)),
  );
}
