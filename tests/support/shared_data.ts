// Real data that lies beside the checkout and is never committed. Where it is not, the test says so in its name.

const DATA = new URL("../../../shared/data/", import.meta.url).pathname;

/** Register a test on `../shared/data`; `body` gets the folder, with a slash at its end. */
export function sharedDataTest(name: string, body: (folder: string) => Promise<void>): void {
  let isThere = true;
  try {
    Deno.statSync(DATA);
  } catch {
    isThere = false;
  }
  if (isThere) Deno.test(name, () => body(DATA));
  else Deno.test(`${name} (not run: no ../shared/data)`, () => {});
}
