// CSV files with a mistake: each with the one line that says so.

const text = (content: string) => () => new TextEncoder().encode(content);
const HEADER = "prompt,chosen,rejected\n";
const QUOTES = "expected CSV with quotes around whole fields and doubled inside";

/** `error` is the whole message where the file is called `file`. */
export const rows: { name: string; bytes: () => Uint8Array; file: string; error: string }[] = [
  {
    name: "an empty file",
    bytes: text(""),
    file: "pairs.csv",
    error: "Cannot read pairs.csv: the file is empty, expected CSV. Fetch the file again",
  },
  {
    name: "nothing but line ends",
    bytes: text("\n\r\n\n"),
    file: "pairs.csv",
    error: "Cannot read pairs.csv: it is blank, expected CSV with a header",
  },
  {
    name: "a Git LFS pointer",
    bytes: text("version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 9\n"),
    file: "pairs.csv",
    error: "Cannot read pairs.csv: the file is a Git LFS pointer, expected CSV. " +
      "Run `git lfs pull` in its folder",
  },
  {
    name: "a web page",
    bytes: text("<!doctype html>\n<p>404</p>\n"),
    file: "pairs.csv",
    error: "Cannot read pairs.csv: the file is a web page, expected CSV. " +
      "Check the address and whether it asks for a login",
  },
  {
    name: "a quote that is never closed",
    bytes: text(HEADER + 'a,b,c\np,"q,r\ns,t,u\n'),
    file: "pairs.csv",
    error: "Cannot read pairs.csv: line 3 opens a quote that is never closed, expected CSV",
  },
  {
    name: "text after a quoted field",
    bytes: text(HEADER + 'a,b,c\np,"q"x,r\n'),
    file: "pairs.csv",
    error: `Cannot read pairs.csv: line 3 has a quote inside a field or after one, ${QUOTES}`,
  },
  {
    name: "a bare quote",
    bytes: text(HEADER + 'a,b "or" c,d\n'),
    file: "pairs.csv",
    error: `Cannot read pairs.csv: line 2 has a quote inside a field or after one, ${QUOTES}`,
  },
  {
    name: "a row that is too short, after a field of three lines",
    bytes: text(HEADER + '"a\n\nb",c,d\nq,r\n'),
    file: "pairs.csv",
    error: "Cannot read pairs.csv: line 5 has 2 fields, expected 3 as in the header",
  },
  {
    name: "a row that is too long",
    bytes: text(HEADER + "\n\na,b,c,d\n"),
    file: "pairs.csv",
    error: "Cannot read pairs.csv: line 4 has 4 fields, expected 3 as in the header",
  },
  {
    name: "a column that stands twice",
    bytes: text("prompt, chosen,chosen\na,b,c\n"),
    file: "pairs.csv",
    error: 'Cannot read pairs.csv: column "chosen" is there twice, expected each column once',
  },
  {
    name: "a byte-order mark amid the file, before a quote",
    bytes: text(HEADER + '\ufeff"a",b,c\n'),
    file: "pairs.csv",
    error: `Cannot read pairs.csv: line 2 has a quote inside a field or after one, ${QUOTES}`,
  },
  {
    name: "a NUL byte",
    bytes: text(HEADER + "a,b\0,c\n"),
    file: "pairs.csv",
    error: "Cannot read pairs.csv: line 2 has a NUL byte, expected CSV in UTF-8",
  },
  {
    name: "bytes that are not UTF-8",
    bytes: () => Uint8Array.of(...new TextEncoder().encode(HEADER + "a,b,"), 0xe9, 0x0a),
    file: "pairs.csv",
    error: "Cannot read pairs.csv: line 2 is not UTF-8, expected CSV in UTF-8",
  },
  {
    name: "UTF-16",
    bytes: () => Uint8Array.of(0xfe, 0xff, 0, 0x61, 0, 0x2c, 0, 0x62, 0, 0x0a),
    file: "pairs.csv",
    error: "Cannot read pairs.csv: the file is UTF-16, expected CSV in UTF-8. Save it as UTF-8",
  },
  {
    name: "lines that end in a carriage return alone",
    bytes: text("prompt,label\ra,b\rc,d\r"),
    file: "pairs.csv",
    error: "Cannot read pairs.csv: line 1 has a carriage return alone, " +
      "expected lines that end in \\n or \\r\\n",
  },
];
