// READMEs of datasets whose configs are forged or mistaken: each with the one line that says so.
import type { MalformedRow } from "./safetensors.ts";

const text = (content: string) => () => new TextEncoder().encode(content);
const FIX = "Mend it, or name the files themselves, by a pattern";
const FORMS = "text, a list of texts, or a list of split and path, each split once";

/** The data that the README lies beside. */
export const data: ReadonlyMap<string, () => Uint8Array> = new Map(
  ["en/train.csv", "en/test.csv"].map((name) => [name, text("prompt,label\nHi,Hello\n")]),
);

/** Malformed declarations. */
export const rows: MalformedRow[] = ([
  [
    "a mapping of splits",
    "- config_name: en\n  data_files:\n    train: en/train.csv",
    `README.md: configs[0].data_files is {"train":"en/train.csv"}, expected ${FORMS}. ${FIX}`,
  ],
  [
    "a mapping in a value",
    "- config_name: en\n  data_files: a: b",
    "README.md: its header is no YAML (line 4: bad indentation of a mapping entry), " +
    `expected YAML between two lines of ---. ${FIX}`,
  ],
  [
    "lists in lists without end",
    `- ${"[".repeat(100_000)}`,
    "README.md: its header is no YAML (line 3: nesting exceeded maxDepth (100)), " +
    `expected YAML between two lines of ---. ${FIX}`,
  ],
  [
    "lists of aliases of lists",
    Array.from({ length: 30 }, (_, i) => `- &a${i} [${i > 0 ? `*a${i - 1}, *a${i - 1}` : ""}]`)
      .join("\n"),
    "README.md: its header is no YAML (line 14: aliases exceeded maxAliases (20)), " +
    `expected YAML between two lines of ---. ${FIX}`,
  ],
  [
    "a key that stands twice",
    "- config_name: en\n  data_dir: en\n  data_dir: fr",
    "README.md: its header is no YAML (line 5: duplicated mapping key), " +
    `expected YAML between two lines of ---. ${FIX}`,
  ],
  [
    "a name of a million letters",
    `- config_name: ${"x".repeat(1_100_000)}`,
    `README.md: its header is 1100025 characters long, expected at most 1048576. ${FIX}`,
  ],
  [
    "a control character for a name",
    '- config_name: ["\\e[31m\u2028"]',
    'README.md: configs[0].config_name is ["\\u001b[31m\\u2028"], expected text. ' + FIX,
  ],
] as [string, string, string][]).map(([name, configs, why]) => ({
  name,
  bytes: text(`---\nconfigs:\n${configs}\n---\n`),
  file: "README.md",
  error: `Cannot read ${why}`,
}));
