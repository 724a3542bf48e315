/** The names of `@std/csv`, over `npm:csv-parse` and `npm:csv-stringify`. */
export * from "./parse.ts";
export * from "./parse_stream.ts";
export * from "./stringify.ts";
export * from "./stringify_stream.ts";
