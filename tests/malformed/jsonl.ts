// JSON lines that are none: each with the one line that says so.

const text = (content: string) => () => new TextEncoder().encode(content);

/** `error` is the whole message where the file is called `file`. */
export const rows: { name: string; bytes: () => Uint8Array; file: string; error: string }[] = [
  {
    name: "an empty file",
    bytes: text(""),
    file: "pairs.jsonl",
    error: "Cannot read pairs.jsonl: the file is empty, expected JSON lines. Fetch the file again",
  },
  {
    name: "a Git LFS pointer",
    bytes: text("version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 9\n"),
    file: "pairs.jsonl",
    error: "Cannot read pairs.jsonl: the file is a Git LFS pointer, expected JSON lines. " +
      "Run `git lfs pull` in its folder",
  },
  {
    name: "a web page",
    bytes: text("<!DOCTYPE html>\n<html><body>404</body></html>\n"),
    file: "pairs.jsonl",
    error: "Cannot read pairs.jsonl: the file is a web page, expected JSON lines. " +
      "Check the address and whether it asks for a login",
  },
  {
    name: "a line that was cut",
    bytes: text('{"prompt": "a"}\n{"prompt": "b'),
    file: "pairs.jsonl",
    error: "Cannot read pairs.jsonl: line 2 is not JSON, expected one object a line",
  },
  {
    name: "a line that is a list",
    bytes: text('{"prompt": "a"}\n\n["a", "b"]\n'),
    file: "pairs.jsonl",
    error: "Cannot read pairs.jsonl: line 3 is a list, expected one object a line",
  },
  {
    name: "a key that stands twice",
    bytes: text('{"chosen": "a", "chosen": "b"}\n'),
    file: "pairs.jsonl",
    error: 'Cannot read pairs.jsonl: line 1 has the key "chosen" twice, expected each key once',
  },
  {
    name: "bytes that are not UTF-8",
    bytes: () => Uint8Array.of(...new TextEncoder().encode('{"prompt": "'), 0xe9, 0x22, 0x7d),
    file: "pairs.jsonl",
    error: "Cannot read pairs.jsonl: line 1 is not UTF-8, expected JSON lines in UTF-8",
  },
  {
    name: "an overlong form of a slash",
    bytes: () => Uint8Array.of(...new TextEncoder().encode('{"a": 1}\n"'), 0xc0, 0xaf, 0x22),
    file: "pairs.jsonl",
    error: "Cannot read pairs.jsonl: line 2 is not UTF-8, expected JSON lines in UTF-8",
  },
  {
    name: "a NUL byte",
    bytes: text('{"prompt": "a"}\n{"prompt": "\0"}\n'),
    file: "pairs.jsonl",
    error: "Cannot read pairs.jsonl: line 2 has a NUL byte, expected JSON lines in UTF-8",
  },
  {
    name: "UTF-16",
    bytes: () => Uint8Array.of(0xff, 0xfe, 0x7b, 0, 0x7d, 0, 0x0a, 0),
    file: "pairs.jsonl",
    error: "Cannot read pairs.jsonl: the file is UTF-16, expected JSON lines in UTF-8. " +
      "Save it as UTF-8",
  },
  {
    name: "a line that never ends",
    bytes: () => new Uint8Array(17 * 2 ** 20).fill(0x20),
    file: "pairs.jsonl",
    error: "Cannot read pairs.jsonl: line 1 is over 16 MiB long, expected JSON lines",
  },
];
