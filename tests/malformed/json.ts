// JSON files that hold no rows: each with the one line that says so.

const text = (content: string) => () => new TextEncoder().encode(content);
const WANTED = "a list of objects or an object of columns";

/** `error` is the whole message where the file is called `file`. */
export const rows: { name: string; bytes: () => Uint8Array; file: string; error: string }[] = [
  {
    name: "an empty file",
    bytes: text(""),
    file: "pairs.json",
    error: `Cannot read pairs.json: the file is empty, expected ${WANTED}. Fetch the file again`,
  },
  {
    name: "a Git LFS pointer",
    bytes: text("version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 9\n"),
    file: "pairs.json",
    error: `Cannot read pairs.json: the file is a Git LFS pointer, expected ${WANTED}. ` +
      "Run `git lfs pull` in its folder",
  },
  {
    name: "a web page",
    bytes: text("<html><body>404</body></html>"),
    file: "pairs.json",
    error: `Cannot read pairs.json: the file is a web page, expected ${WANTED}. ` +
      "Check the address and whether it asks for a login",
  },
  {
    name: "a file that was cut",
    bytes: text('[{"prompt": "a"}, {"prom'),
    file: "pairs.json",
    error: `Cannot read pairs.json: the file is not JSON, expected ${WANTED}`,
  },
  {
    name: "a number",
    bytes: text("42"),
    file: "pairs.json",
    error: `Cannot read pairs.json: the file is a number, expected ${WANTED}`,
  },
  {
    name: "one object that is no table",
    bytes: text('{"prompt": "a", "chosen": "b"}'),
    file: "pairs.json",
    error: 'Cannot read pairs.json: column "prompt" is a string, expected a list. ' +
      "The file is one object: give a list of objects or an object of columns",
  },
  {
    name: "columns of different lengths",
    bytes: text('{"prompt": ["a", "b"], "label": ["c"]}'),
    file: "pairs.json",
    error: 'Cannot read pairs.json: column "label" has 1 values, expected 2 as in "prompt"',
  },
  {
    name: "a row that is no object",
    bytes: text('[{"prompt": "a"}, "b"]'),
    file: "pairs.json",
    error: "Cannot read pairs.json: row 2 is a string, expected an object",
  },
  {
    name: "a key that stands twice",
    bytes: text('[{"prompt": "a", "prompt": "b"}]'),
    file: "pairs.json",
    error: 'Cannot read pairs.json: an object has the key "prompt" twice, expected each key once',
  },
  {
    name: "bytes that are not UTF-8",
    bytes: () => Uint8Array.of(0x5b, 0x22, 0xff, 0x22, 0x5d),
    file: "pairs.json",
    error: `Cannot read pairs.json: the file is not UTF-8, expected ${WANTED}`,
  },
  {
    name: "a NUL byte",
    bytes: text('["\0"]'),
    file: "pairs.json",
    error: `Cannot read pairs.json: the file is not JSON, expected ${WANTED}`,
  },
  {
    name: "brackets without an end",
    bytes: text("[".repeat(200_000)),
    file: "pairs.json",
    error:
      "Cannot read pairs.json: the file is nested over 512 deep, expected at most 512 objects " +
      "and lists within each other. Write it as JSON lines, which are read one by one",
  },
];
