// TSV files with a mistake: each with the one line that says so.

const text = (content: string) => () => new TextEncoder().encode(content);
const HEADER = "prompt\tchosen\n";

/** `error` is the whole message where the file is called `file`. */
export const rows: { name: string; bytes: () => Uint8Array; file: string; error: string }[] = [
  {
    name: "an empty file",
    bytes: text(""),
    file: "pairs.tsv",
    error: "Cannot read pairs.tsv: the file is empty, expected TSV. Fetch the file again",
  },
  {
    name: "a Git LFS pointer",
    bytes: text("version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 9\n"),
    file: "pairs.tsv",
    error: "Cannot read pairs.tsv: the file is a Git LFS pointer, expected TSV. " +
      "Run `git lfs pull` in its folder",
  },
  {
    name: "a web page",
    bytes: text("  <HTML>\n"),
    file: "pairs.tsv",
    error: "Cannot read pairs.tsv: the file is a web page, expected TSV. " +
      "Check the address and whether it asks for a login",
  },
  {
    name: "a tab too many",
    bytes: text(HEADER + "a\tb\nc\td\te\n"),
    file: "pairs.tsv",
    error: "Cannot read pairs.tsv: line 3 has 3 fields, expected 2 as in the header",
  },
  {
    name: "commas for tabs in one row",
    bytes: text(HEADER + "a\tb\nc,d\n"),
    file: "pairs.tsv",
    error: "Cannot read pairs.tsv: line 3 has 1 fields, expected 2 as in the header",
  },
  {
    name: "a quote that is never closed",
    bytes: text(HEADER + 'a\t"b\n'),
    file: "pairs.tsv",
    error: "Cannot read pairs.tsv: line 2 opens a quote that is never closed, expected TSV",
  },
  {
    name: "text after a quoted field",
    bytes: text(HEADER + 'a\t"b" c\n'),
    file: "pairs.tsv",
    error: "Cannot read pairs.tsv: line 2 has a quote inside a field or after one, " +
      "expected TSV with quotes around whole fields and doubled inside",
  },
  {
    name: "a column that stands twice",
    bytes: text("a\ta\n1\t2\n"),
    file: "pairs.tsv",
    error: 'Cannot read pairs.tsv: column "a" is there twice, expected each column once',
  },
  {
    name: "bytes that are not UTF-8",
    bytes: () => Uint8Array.of(...new TextEncoder().encode(HEADER), 0x80, 0x09, 0x61),
    file: "pairs.tsv",
    error: "Cannot read pairs.tsv: line 2 is not UTF-8, expected TSV in UTF-8",
  },
  {
    name: "a NUL byte",
    bytes: text(HEADER + "a\t\0\n"),
    file: "pairs.tsv",
    error: "Cannot read pairs.tsv: line 2 has a NUL byte, expected TSV in UTF-8",
  },
];
