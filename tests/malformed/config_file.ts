// Config files that are none, for the flags of `leash train`: each with the one line that says so.

const text = (content: string) => () => new TextEncoder().encode(content);

/** `error` is the whole message where the file is called `file`. */
export const rows: {
  name: string;
  bytes: () => Uint8Array<ArrayBuffer>;
  file: string;
  error: string;
}[] = ([
  [
    "an empty file",
    "c.json",
    text(""),
    "the file is empty, expected a JSON object. Fetch the file again",
  ],
  ["a list", "c.json", text("[1]"), "the file is [1], expected a JSON object"],
  [
    "JSON that was cut",
    "c.json",
    text('{"steps": '),
    "the file is not JSON, expected a JSON object",
  ],
  [
    "a key that stands twice",
    "c.json",
    text('{"steps": 1, "steps": 2}'),
    'the file has the key "steps" twice, expected each key once',
  ],
  [
    "an unknown key",
    "c.json",
    text('{"stpes": 1}'),
    'the key "stpes" is no flag, expected flags that --help lists. Did you mean steps?',
  ],
  [
    "a key in two spellings",
    "c.json",
    text('{"max-new": 1, "maxNew": 2}'),
    'the key "maxNew" is there in two spellings, expected one',
  ],
  [
    "text for a number",
    "c.json",
    text('{"steps": "4"}'),
    'steps is "4", expected a whole number from 1 to 1000000',
  ],
  [
    "a number out of bounds",
    "c.json",
    text('{"steps": 0}'),
    "--steps is 0, expected a whole number from 1 to 1000000. The nearest is 1",
  ],
  ["null", "c.json", text('{"lr": null}'), "lr is null, expected a number from 1e-9 to 10"],
  [
    "a list for one value",
    "c.json",
    text('{"loss": ["dpo"]}'),
    'loss is ["dpo"], expected dpo, ipo, slic or slic-hf',
  ],
  ["a word for a switch", "c.json", text('{"offline": 1}'), "offline is 1, expected true or false"],
  [
    "bytes that are no UTF-8",
    "c.toml",
    () => Uint8Array.of(0x61, 0xff),
    "the file is not UTF-8, expected TOML",
  ],
  [
    "TOML that was cut",
    "c.toml",
    text('steps = 4\nloss = "dp'),
    "line 2 is no TOML (unfinished string), expected KEY = VALUE",
  ],
  [
    "a TOML key that stands twice",
    "c.toml",
    text("steps = 4\nsteps = 5\n"),
    "line 2 is no TOML (trying to redefine an already defined table or value), expected KEY = VALUE",
  ],
  [
    "a TOML table",
    "c.toml",
    text("[train]\nsteps = 4\n"),
    'the key "train" is no flag, expected flags that --help lists.',
  ],
  [
    "a date",
    "c.toml",
    text("seed = 2026-01-01\n"),
    "seed is a date, expected a whole number from 0 to 9007199254740991",
  ],
  [
    "a web page",
    "c.toml",
    text("<!doctype html><html></html>"),
    "the file is a web page, expected TOML. Check the address and whether it asks for a login",
  ],
  ["YAML", "c.yaml", text("steps: 4\n"), "its name ends otherwise, expected .json or .toml"],
] as const).map(([name, file, bytes, error]) => ({
  name,
  bytes,
  file,
  error: `Cannot read ${file}: ${error}`,
}));
