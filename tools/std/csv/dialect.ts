/**
 * The genuine dialect where it is not RFC 4180: says where a quote is misplaced, in the genuine
 * words, and rewrites text with lazy quotes or leading spaces into text that any reader reads alike.
 */

/** What a dialect consists of. */
export interface Dialect {
  /** Between fields. */
  separator: string;
  /** Starts a line that is skipped. */
  comment?: string;
  /** Whether spaces before a field are dropped. */
  trimLeadingSpace?: boolean;
  /** Whether a stray quote is a quote like any other character. */
  lazyQuotes?: boolean;
}

const BARE = 'bare " in non-quoted-field';
const QUOTED = 'extraneous or missing " in quoted-field';

/** Walks a text of `\n` lines field by field. */
class Scanner {
  #at = 0;
  #recordStart = 0;
  #record: number;

  constructor(readonly text: string, readonly dialect: Dialect, firstLine: number) {
    this.#record = firstLine - 1;
  }

  /** A genuine error for a quote at `at`: records are counted as lines, as genuinely. */
  #misplaced(at: number, why: string): SyntaxError {
    const before = this.text.slice(this.#recordStart, at);
    const line = this.#record + before.split("\n").length - 1;
    const column = [...before.slice(before.lastIndexOf("\n") + 1)].length + 1;
    return new SyntaxError(
      `Syntax error on line ${this.#record}; parse error on line ${line}, column ${column}: ${why}`,
    );
  }

  /** The genuine place of a quote that never closes: column 1 unless the text ends right there. */
  #unclosed(inner: string): SyntaxError {
    const end = this.text.replace(/\n$/, "").length;
    const error = this.#misplaced(end, QUOTED);
    const rest = inner.replace(/\n$/, "").split("\n").at(-1)!;
    if (rest.replace(/^.*"/, "") === "") return error;
    return new SyntaxError(error.message.replace(/column \d+/, "column 1"));
  }

  #quoted(): string {
    const { text, dialect } = this;
    const start = ++this.#at;
    let field = "";
    while (true) {
      const quote = text.indexOf('"', this.#at);
      if (quote < 0) {
        if (!dialect.lazyQuotes) throw this.#unclosed(text.slice(start));
        field += text.slice(this.#at).replace(/\n$/, "");
        this.#at = text.length;
        return field;
      }
      field += text.slice(this.#at, quote);
      this.#at = quote + 1;
      if (text[this.#at] === '"') {
        this.#at++;
        field += '"';
      } else if (this.#atFieldEnd()) return field;
      else if (dialect.lazyQuotes) field += '"';
      else throw this.#misplaced(quote, QUOTED);
    }
  }

  #plain(): string {
    const start = this.#at;
    while (!this.#atFieldEnd()) this.#at++;
    const field = this.text.slice(start, this.#at);
    const quote = field.indexOf('"');
    if (quote >= 0 && !this.dialect.lazyQuotes) throw this.#misplaced(start + quote, BARE);
    return field;
  }

  #atFieldEnd(): boolean {
    return this.#at >= this.text.length || this.text[this.#at] === "\n" ||
      this.text.startsWith(this.dialect.separator, this.#at);
  }

  #fields(): string[] {
    const fields: string[] = [];
    while (true) {
      if (this.dialect.trimLeadingSpace) {
        while (/[^\S\n]/.test(this.text[this.#at] ?? "\n")) this.#at++;
      }
      fields.push(this.text[this.#at] === '"' ? this.#quoted() : this.#plain());
      if (!this.text.startsWith(this.dialect.separator, this.#at)) return fields;
      this.#at += this.dialect.separator.length;
    }
  }

  /** The fields of each line in turn: none for an empty line and for a comment. */
  *records(): Generator<string[]> {
    while (this.#at < this.text.length) {
      this.#recordStart = this.#at;
      this.#record++;
      const { comment } = this.dialect;
      if (comment && this.text[this.#at] === comment) {
        const end = this.text.indexOf("\n", this.#at);
        this.#at = end < 0 ? this.text.length : end;
        yield [];
      } else if (this.text[this.#at] === "\n") yield [];
      else yield this.#fields();
      this.#at++;
    }
  }
}

/**
 * The text as RFC 4180 has it: every field quoted, `\n` between records, an empty line for a comment.
 *
 * @param text With `\n` at the ends of lines.
 * @param dialect How it is to be read.
 * @param firstLine The number of its first line, for errors.
 * @throws {SyntaxError} If a quote is misplaced and the dialect is not lazy.
 */
export function normalise(text: string, dialect: Dialect, firstLine = 1): string {
  const quote = (field: string) => `"${field.replaceAll('"', '""')}"`;
  const lines: string[] = [];
  for (const fields of new Scanner(text, dialect, firstLine).records()) {
    lines.push(fields.map(quote).join(dialect.separator));
  }
  return lines.join("\n");
}
