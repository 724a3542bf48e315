import { assertEquals, assertThrows } from "@std/assert";
import {
  declaredConfigs,
  filesOfConfig,
  folderConfigs,
} from "../../../../core/io/datasets/dataset_configs.ts";

const README = (configs: string) =>
  `---\nlicense: mit\nconfigs:\n${configs}\ntags:\n- x\n---\n# It\n`;
const declared = (configs: string) => declaredConfigs(README(configs), "README.md");
const split = (split: string, ...patterns: string[]) => ({ split, patterns });

const DECLARED: [name: string, configs: string, expected: unknown][] = [
  [
    "what push_to_hub writes",
    "- config_name: en\n  data_files:\n  - split: train\n    path: en/train-*\n  - split: test\n" +
    "    path: en/test-*\n- config_name: fr\n  default: true\n  data_files:\n  - split: train\n    path: fr/train-*",
    [
      {
        name: "en",
        isDefault: false,
        splits: [split("train", "en/train-*"), split("test", "en/test-*")],
      },
      { name: "fr", isDefault: true, splits: [split("train", "fr/train-*")] },
    ],
  ],
  [
    "indented lists, quotes, comments and paths before splits",
    "  - config_name: \"a b\"  \n    data_files:\n      # here\n      - path: 'x/*.csv'\n        split: dev # one\n" +
    "      - split: train\n        path:\n          - y/1.csv\n          - ./y/2.csv",
    [{
      name: "a b",
      isDefault: false,
      splits: [split("dev", "x/*.csv"), split("train", "y/1.csv", "y/2.csv")],
    }],
  ],
  [
    "a pattern alone, a list of them, a folder alone",
    '- config_name: one\n  data_files: a.csv\n- config_name: two\n  data_files: [b.csv, "c.csv"]\n' +
    "- config_name: three\n  data_files:\n  - d.csv\n  - e.csv\n- config_name: default\n  data_dir: f",
    [
      { name: "one", isDefault: false, splits: [split("train", "a.csv")] },
      { name: "two", isDefault: false, splits: [split("train", "b.csv", "c.csv")] },
      { name: "three", isDefault: false, splits: [split("train", "d.csv", "e.csv")] },
      { name: "default", isDefault: true, splits: [split("train", "f/**")] },
    ],
  ],
];
for (const [name, configs, expected] of DECLARED) {
  Deno.test(`declaredConfigs() reads ${name}`, () => assertEquals(declared(configs), expected));
}

Deno.test("declaredConfigs() finds none where none is declared", () => {
  for (
    const readme of [
      "",
      "# It\nconfigs:\n- config_name: a\n",
      "---\nlicense: mit\n---\n",
      "---\nconfigs:\n",
    ]
  ) {
    assertEquals(declaredConfigs(readme, "README.md"), []);
  }
});

Deno.test("declaredConfigs() names the line that it cannot read", () => {
  const error = assertThrows(
    () => declared("- config_name: a\n  data_files: &x\n  ???\x07"),
    TypeError,
  );
  assertEquals(
    error.message,
    'Cannot read README.md: its configs have the line "???\\u0007", expected config_name, data_files, ' +
      "split, path, data_dir or default. Name the files themselves, by a pattern",
  );
});

const SHARDS = [
  ...["en/test-00000-of-00001.parquet", "en/train-00000-of-00002.parquet"],
  ...["en/train-00001-of-00002.parquet", "fr/train-00000-of-00001.parquet", "notes.jsonl"],
];

Deno.test("folderConfigs() takes folders with the same split for configs, and no others", () => {
  assertEquals(folderConfigs(SHARDS), [
    {
      ...{ name: "en", isDefault: false },
      splits: [split("test", SHARDS[0]), split("train", SHARDS[1], SHARDS[2])],
    },
    { name: "fr", isDefault: false, splits: [split("train", SHARDS[3])] },
  ]);
  assertEquals(folderConfigs([SHARDS[0], SHARDS[3]]), []);
  assertEquals(folderConfigs(["data/train-00000-of-00001.parquet"]), []);
  assertEquals(folderConfigs(["a/train.jsonl", "b/train.jsonl"]), []);
});

const BOTH = folderConfigs(SHARDS);
const TWO = BOTH.map((config) => ({ ...config, isDefault: config.name === "fr" }));

Deno.test("filesOfConfig() gives the files of the config and split that are meant", () => {
  const files = (asked?: string, of = BOTH) => filesOfConfig("it", of, SHARDS, asked);
  assertEquals(files("en/train"), SHARDS.slice(1, 3));
  assertEquals(files("fr/train"), [SHARDS[3]]);
  assertEquals(files("fr"), [SHARDS[3]]); // it has one split
  assertEquals(files("train", TWO), [SHARDS[3]]); // the default's
  assertEquals(files(undefined, TWO), [SHARDS[3]]);
  assertEquals(files("test", BOTH.slice(0, 1)), [SHARDS[0]]);
});

const REFUSED: [asked: string | undefined, message: string][] = [
  [undefined, "it has the configs en, fr, expected one. Say which by split, as en/test"],
  ["train", "it has the configs en, fr, expected one. Say which by split, as en/train"],
  ["de/train", 'it has the configs en, fr, expected "de"'],
  [
    "en",
    "it has the splits test, train in config en, expected one. Say which by split, as en/test",
  ],
  ["fr/test", 'it has the splits train in config fr, expected "test"'],
];
for (const [asked, message] of REFUSED) {
  Deno.test(`filesOfConfig() refuses ${asked ?? "nothing named"} in one line`, () => {
    const error = assertThrows(() => filesOfConfig("it", BOTH, SHARDS, asked), TypeError);
    assertEquals(error.message, `Cannot open it: ${message}`);
  });
}

Deno.test("filesOfConfig() says where a declared split has no file", () => {
  const configs = declared("- config_name: a\n  data_files:\n  - split: train\n    path: no/*");
  const error = assertThrows(() => filesOfConfig("it", configs, SHARDS, undefined), TypeError);
  assertEquals(
    error.message,
    "Cannot open it: it has no data file for the split train, expected some that match no/*",
  );
});
