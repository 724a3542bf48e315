// What TensorBoard reads: an event at a step and a moment, with numbers and texts by tag (tensorboard/compat/proto/event.proto,
// summary.proto, tensor.proto).
import {
  doubleField,
  floatField,
  messageField,
  textField,
  varintField,
} from "../../../core/base/protobuf.ts";
import { joinBytes } from "../../../core/base/join_bytes.ts";

/** Something that happened. */
export interface TensorboardEvent {
  /** When, seconds since 1970. */
  readonly wallTime: number;
  /** Steps done; default 0. */
  readonly step?: number;
  /** The word that a file begins with. */
  readonly fileVersion?: string;
  /** That a run goes on: what was written of this step and later ones before is void. */
  readonly restarts?: boolean;
  /** Numbers by tag, kept as f32. */
  readonly scalars?: Readonly<Record<string, number>>;
  /** Texts by tag, Markdown; several are the rows of a table. */
  readonly texts?: Readonly<Record<string, readonly string[]>>;
}

/** An event as the message `tensorboard.Event`: what a record of a file holds. */
export function eventMessage(event: TensorboardEvent): Uint8Array<ArrayBuffer> {
  const { wallTime, step = 0, fileVersion, restarts, scalars = {}, texts = {} } = event;
  const values = [
    ...Object.entries(scalars).map(([tag, value]) => scalarValue(tag, value)),
    ...Object.entries(texts).map(([tag, lines]) => textValue(tag, lines)),
  ];
  return joinBytes([
    doubleField(1, wallTime),
    ...(step === 0 ? [] : [varintField(2, step)]), // proto3: a zero is not written
    ...(fileVersion === undefined ? [] : [textField(3, fileVersion)]),
    ...(values.length === 0 ? [] : [messageField(5, values)]),
    ...(restarts ? [messageField(7, [varintField(1, 1)])] : []), // SessionLog { status: START }
  ]);
}

/** Summary.Value { tag, simple_value }. */
function scalarValue(tag: string, value: number): Uint8Array {
  return messageField(1, [textField(1, tag), floatField(2, value)]);
}

/** Summary.Value { tag, tensor: strings [n], metadata: of the plugin "text" }. */
function textValue(tag: string, lines: readonly string[]): Uint8Array {
  const tensor = [
    varintField(1, 7), // DT_STRING
    messageField(2, [messageField(2, [varintField(1, lines.length)])]), // shape { dim { size } }
    ...lines.map((line) => textField(8, line)),
  ];
  const metadata = [messageField(1, [textField(1, "text")]), varintField(4, 2)]; // DATA_CLASS_TENSOR
  return messageField(1, [
    textField(1, tag),
    messageField(8, tensor),
    messageField(9, metadata),
  ]);
}
