// One check for every loss's numeric options, so that a mistake reads the same everywhere.

/**
 * Returns `options[name]` if it is a number in [low, high].
 *
 * The bounds of all losses lie within ±1e6, so that their f32 twins cannot overflow for |nats| ≤ 1e6.
 *
 * @throws {TypeError} If it is missing or no number.
 * @throws {RangeError} If it is NaN or out of the range.
 */
export function numberOption<T extends object>(
  loss: string,
  options: T,
  name: keyof T & string,
  low: number,
  high: number,
): number {
  const value: unknown = options?.[name];
  const message = `Cannot build the ${loss} loss: ${name} is ${show(value)}, ` +
    `expected a number from ${low} to ${high}`;
  if (typeof value !== "number") throw new TypeError(message);
  if (!(value >= low && value <= high)) throw new RangeError(message);
  return value;
}

/** Prints a value in an error: strings in quotes, so that `"0.1"` is seen to be no number. */
export function show(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
