/** CSV text in pieces of any size, records out one by one. */
import { checkCount, type ParseResult, readRecords, underHeader } from "./read.ts";
import type { ReadOptions } from "./read.ts";

/** Options for {@link CsvParseStream}. */
export type CsvParseStreamOptions = ReadOptions;

/** A record of the stream. */
export type RowType<T> = T extends undefined ? string[]
  : ParseResult<CsvParseStreamOptions, T>[number];

type Row = string[] | Record<string, unknown>;

/** Cuts text after every newline that stands outside quotes: the parity of the quotes tells. */
class RecordCutter {
  #pending = "";
  #scanned = 0;
  #isQuoted = false;

  /** @param isLazy With lazy quotes parity tells nothing: everything waits for the end. */
  constructor(readonly isLazy: boolean) {}

  *push(chunk: string): Generator<string> {
    this.#pending += chunk;
    if (this.isLazy) return;
    for (; this.#scanned < this.#pending.length; this.#scanned++) {
      const char = this.#pending[this.#scanned];
      if (char === '"') this.#isQuoted = !this.#isQuoted;
      else if (char === "\n" && !this.#isQuoted) {
        yield this.#pending.slice(0, this.#scanned);
        this.#pending = this.#pending.slice(this.#scanned + 1);
        this.#scanned = -1;
      }
    }
  }

  end(): string {
    return this.#pending;
  }
}

/** Reads CSV from a stream of strings; header, counts and errors as in `parse`. */
export class CsvParseStream<const T extends CsvParseStreamOptions | undefined = undefined>
  implements TransformStream<string, RowType<T>> {
  readonly #options: CsvParseStreamOptions;
  readonly #stream: TransformStream<string, Row>;
  #header: readonly string[] | undefined;
  #wanted: number | undefined;
  #isFirst = true;
  #line = 0;

  /** @param options How to read. */
  constructor(options?: T) {
    this.#options = { ...options };
    const asked = this.#options.fieldsPerRecord ?? -1;
    this.#wanted = asked > 0 ? asked : undefined;
    const cutter = new RecordCutter(Boolean(this.#options.lazyQuotes));
    this.#stream = new TransformStream({
      transform: (chunk, controller) => {
        for (const text of cutter.push(chunk)) this.#read(text, controller);
      },
      flush: (controller) => this.#read(cutter.end(), controller),
    });
  }

  /** Rows out. */
  get readable(): ReadableStream<RowType<T>> {
    return this.#stream.readable as ReadableStream<RowType<T>>;
  }

  /** Text in. */
  get writable(): WritableStream<string> {
    return this.#stream.writable;
  }

  /** One record, or under lazy quotes all of them; a comment is a record without fields. */
  #read(text: string, controller: TransformStreamDefaultController<Row>): void {
    const isBlank = text === "" || text === "\r";
    const { comment } = this.#options;
    if (isBlank) this.#line++;
    else if (comment && text[0] === comment && !this.#options.lazyQuotes) this.#row([], controller);
    else {
      for (const { fields } of readRecords(text, this.#options, this.#line + 1)) {
        this.#row(fields, controller);
      }
    }
  }

  #row(fields: string[], controller: TransformStreamDefaultController<Row>): void {
    const { skipFirstRow, columns, fieldsPerRecord } = this.#options;
    if (this.#isFirst) {
      this.#isFirst = false;
      if (skipFirstRow || columns) this.#header = columns ?? fields;
      if (skipFirstRow) return;
      if (fieldsPerRecord === 0) this.#wanted = fields.length;
    }
    checkCount(fields.length, this.#wanted, this.#line + 1);
    this.#line++;
    if (fields.length === 0) return;
    controller.enqueue(
      this.#header ? underHeader(fields, this.#header, this.#line + 1) : fields,
    );
  }
}
