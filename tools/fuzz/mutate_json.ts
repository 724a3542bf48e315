// Changes that keep JSON whole: values of other kinds, numbers at the edge, keys that are renamed, twice or gone.
import { EXTREMES, littleEndian, type Mutator } from "./mutate_bytes.ts";
import type { Choices } from "./random.ts";

/** Text that is put in as it is, not as a string of JSON. */
const RAW = "\u0001raw:";
const raw = (text: string) => RAW + text;
const NAMES = ["__proto__", "constructor", "toString", "", "../x", "length", "a\u2028b", "\ud800"];
const TEXTS = [
  ...["", " ", "\0", "\n", "\u2028", "\ud800", "../../etc/passwd", "(a+)+$", "[", "__proto__"],
  ...["{{ a }}", "\u001b[31m", "Infinity", "NaN", "0x10", "x".repeat(5000)],
];
const VALUES: readonly unknown[] = [
  ...[null, true, false, 0, -1, 0.5, 1, 3, 1e9, 2 ** 53, -(2 ** 31), [], {}, [[]], [null], [{}]],
  ...[raw("1e999"), raw("-1e999"), raw("-0"), raw("1e-999"), raw("NaN")],
  ...[raw("[".repeat(5000) + "]".repeat(5000)), raw('{"a":'.repeat(3000) + "1" + "}".repeat(3000))],
];

const LONGEST_TEXT = 50_000;

interface Place {
  readonly holder: Record<string, unknown> | unknown[];
  readonly key: string | number;
}

/** Every place of a value in a document, at most a few thousand. */
function placesOf(root: unknown): Place[] {
  const places: Place[] = [];
  const walk = (value: unknown): void => {
    if (typeof value !== "object" || value === null || places.length > 4000) return;
    const holder = value as Record<string, unknown>;
    for (const key of Object.keys(holder)) {
      places.push({ holder, key });
      walk(holder[key]);
    }
  };
  walk(root);
  return places;
}

const at = ({ holder, key }: Place): unknown => (holder as Record<string, unknown>)[key];
function put({ holder, key }: Place, value: unknown): void {
  Object.defineProperty(holder, key, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}

function otherValue(value: unknown, choices: Choices): unknown {
  if (typeof value === "number" && !choices.oneIn(3)) {
    return choices.pick([
      value + 1,
      value - 1,
      -value,
      value * 2,
      value / 2,
      value * 2 ** 20,
      value + 0.5,
    ]);
  }
  if (typeof value === "string" && !choices.oneIn(3)) {
    const i = choices.below(value.length + 1);
    return choices.pick([
      value.slice(0, i) + choices.pick(TEXTS) + value.slice(i),
      value.slice(0, i),
      (value.slice(i) + value).slice(0, LONGEST_TEXT),
      value.repeat(1 + choices.below(20)).slice(0, LONGEST_TEXT),
    ]);
  }
  if (choices.oneIn(4)) return Number(choices.pick(EXTREMES)) * (choices.oneIn(4) ? -1 : 1);
  return choices.oneIn(4) ? choices.pick(TEXTS) : choices.pick(VALUES);
}

function change(root: unknown[], choices: Choices): void {
  const places = placesOf(root);
  const place = choices.pick(places), other = choices.pick(places);
  const { holder, key } = place;
  const copy = () => structuredClone(at(other));
  switch (choices.below(9)) {
    case 0: // gone
      if (Array.isArray(holder) && holder !== root) holder.splice(Number(key), 1);
      else if (holder !== root) delete (holder as Record<string, unknown>)[key];
      return;
    case 1: // another's value
      return put(place, copy());
    case 2: { // two change places
      const [a, b] = [at(place), copy()];
      put(other, a);
      return put(place, b);
    }
    case 3: // one more of it
      if (Array.isArray(holder) && holder !== root) {
        holder.splice(Number(key), 0, at(place), copy());
      } else if (holder !== root) put({ holder, key: choices.pick(NAMES) }, copy());
      return;
    case 4: // under another name
      if (Array.isArray(holder)) return put(place, [at(place)]);
      put({ holder, key: choices.oneIn(2) ? choices.pick(NAMES) : String(other.key) }, at(place));
      delete (holder as Record<string, unknown>)[key];
      return;
    case 5:
      return put(place, choices.oneIn(2) ? [at(place), at(place)] : { [key]: at(place) });
    default:
      put(place, otherValue(at(place), choices));
  }
}

/** JSON text with a few of its values changed; undefined where it is no JSON. */
export function mutateJsonText(text: string, choices: Choices): string | undefined {
  let root: unknown[];
  try {
    root = [JSON.parse(text)];
    for (let n = 1 + choices.below(3); n > 0; n--) change(root, choices);
    const out = JSON.stringify(root[0]) ?? "null";
    const plain = out.replace(
      /"\\u0001raw:((?:[^"\\]|\\.)*)"/g,
      (_, part) => JSON.parse(`"${part}"`),
    );
    if (!choices.oneIn(20)) return plain;
    return plain.replace(/("[^"]{1,40}":)("[^"]*"|[\d.]+|true|false|null)/, "$1$2,$1$2"); // a key twice
  } catch {
    return undefined; // no JSON, or nested too deep to be written
  }
}

const decode = (bytes: Uint8Array<ArrayBuffer>) => new TextDecoder().decode(bytes);
const encode = (text: string) => new TextEncoder().encode(text);

/** For a file that is one JSON document. */
export const jsonMutator: Mutator = (bytes, choices) => {
  const text = mutateJsonText(decode(bytes), choices);
  return text === undefined ? bytes : encode(text);
};

/** For a file of one document a line. */
export const jsonLinesMutator: Mutator = (bytes, choices, other) => {
  const lines = decode(bytes).split("\n");
  const i = choices.below(lines.length);
  if (choices.oneIn(6)) lines.splice(i, 0, choices.pick(decode(other).split("\n")));
  else lines[i] = mutateJsonText(lines[i], choices) ?? lines[i];
  return encode(lines.join("\n"));
};

/** For a safetensors file: its header is changed, and the length in front of it follows. */
export const safetensorsMutator: Mutator = (bytes, choices) => {
  if (bytes.length < 8) return bytes;
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  if (length > bytes.length - 8) return bytes;
  const text = mutateJsonText(decode(bytes.slice(8, 8 + length)), choices);
  if (text === undefined) return bytes;
  const header = encode(text);
  const out = new Uint8Array(8 + header.length + bytes.length - 8 - length);
  out.set(littleEndian(BigInt(header.length), 8));
  out.set(header, 8);
  out.set(bytes.subarray(8 + length), 8 + header.length);
  return out;
};
