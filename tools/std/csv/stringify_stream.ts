/** Rows in, lines of CSV out. */
import { type DataItem, stringify } from "./stringify.ts";

/** Options for {@link CsvStringifyStream}. */
export interface CsvStringifyStreamOptions {
  /** Between fields; a comma by default. */
  readonly separator?: string;
  /** The columns, which are the header too; objects need them. */
  readonly columns?: Array<string>;
}

/** Writes each chunk as a record; the header goes first if there are columns. */
export class CsvStringifyStream<TOptions extends CsvStringifyStreamOptions> extends TransformStream<
  TOptions["columns"] extends Array<string> ? Record<string, unknown> : Array<unknown>,
  string
> {
  /** @param options Separator and columns. */
  constructor(options?: TOptions) {
    const { separator, columns = [] } = options ?? {};
    const write = (row: DataItem, columns: string[]) =>
      stringify([row], { separator, columns, headers: false });
    super({
      start(controller) {
        if (columns.length > 0) controller.enqueue(write(columns, []));
      },
      transform(chunk, controller) {
        controller.enqueue(write(chunk, columns));
      },
    });
  }
}
