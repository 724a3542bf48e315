import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import {
  declaredConfigs,
  filesOfConfig,
  folderConfigs,
} from "../../../../core/formats/datasets/dataset_configs.ts";
import { processorMs } from "../../../support/cost.ts";
import { Mistake } from "../../../../core/base/mistake.ts";

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
        folder: "",
        splits: [split("train", "en/train-*"), split("test", "en/test-*")],
      },
      { name: "fr", isDefault: true, folder: "", splits: [split("train", "fr/train-*")] },
    ],
  ],
  [
    "indented lists, quotes, comments and paths before splits",
    "  - config_name: \"a b\"  \n    data_files:\n      # here\n      - path: 'x/*.csv'\n        split: dev # one\n" +
    "      - split: train\n        path:\n          - y/1.csv\n          - ./y/2.csv",
    [{
      name: "a b",
      isDefault: false,
      folder: "",
      splits: [split("dev", "x/*.csv"), split("train", "y/1.csv", "y/2.csv")],
    }],
  ],
  [
    "a pattern alone, a list of them, a folder alone, keys of other things",
    '- config_name: one\n  data_files: a.csv\n- config_name: two\n  data_files: [b.csv, "c.csv"]\n' +
    "  data_dir: ./in/\n- config_name: three\n  data_files:\n  - d.csv\n  names:\n  - e.csv\n" +
    "- config_name: default\n  data_dir: f\n- {config_name: no, sep: ';', data_files: }",
    [
      { name: "one", isDefault: false, folder: "", splits: [split("train", "a.csv")] },
      {
        ...{ name: "two", isDefault: false, folder: "in/" },
        splits: [split("train", "b.csv", "c.csv")],
      },
      { name: "three", isDefault: false, folder: "", splits: [split("train", "d.csv")] },
      { name: "default", isDefault: true, folder: "f/", splits: [] },
      { name: "no", isDefault: false, folder: "", splits: [] },
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
      "---\nconfigs:\n---\n",
      "---\nconfigs: []\n---\n",
      "---\nothers: ]\n---\nconfigs:\n- config_name: a\n---\n",
    ]
  ) {
    assertEquals(declaredConfigs(readme, "README.md"), []);
  }
});

Deno.test("declaredConfigs() reads the configs of a header of half a megabyte, and what is in no header", () => {
  const features = "  - name: x\n    dtype: string\n".repeat(15_000);
  const readme =
    `\ufeff---\r\ndataset_info:\n  features:\n${features}"configs" :\r\n- config_name: a\r\n` +
    "---  \nconfigs: [\n---\n";
  assertEquals(declaredConfigs(readme, "README.md").map(({ name }) => name), ["a"]);
});

const FORMS = "text, a list of texts, or a list of split and path, each split once";
const UNREADABLE: [configs: string, message: string][] = [
  ["- config_name: 2", "configs[0].config_name is 2, expected text"],
  ["- data_files: a", "configs[0].config_name is missing, expected text"],
  [
    "- config_name: a\n- config_name: a",
    'configs[1].config_name is "a", expected a name of its own',
  ],
  ["- a", 'configs[0] is "a", expected a mapping'],
  ["  config_name: a", 'configs is {"config_name":"a"}, expected a list'],
  ["- config_name: a\n  data_dir: [b]", 'configs[0].data_dir is ["b"], expected text'],
  ...([
    ["{train: x}", '{"train":"x"}'],
    ["[]", "[]"],
    ["[x, 7]", '["x",7]'],
    ["[{split: train}]", '[{"split":"train"}]'],
    ["[{split: a, path: []}]", '[{"split":"a","path":[]}]'],
    ["[{split: a, path: b, c: d}]", '[{"split":"a","path":"b","c":"d"}]'],
    ["[{split: a, path: b}, c]", '[{"split":"a","path":"b"},"c"]'],
    [
      "[{split: a, path: b}, {split: a, path: c}]",
      '[{"split":"a","path":"b"},{"split":"a","path":"c"}]',
    ],
  ].map(([files, found]): [string, string] => [
    `- config_name: a\n  data_files: ${files}`,
    `configs[0].data_files is ${found}, expected ${FORMS}`,
  ])),
  [
    "- config_name: a\n  data_files: b: c",
    "its header is no YAML (line 5: bad indentation of a mapping entry), " +
    "expected YAML between two lines of ---",
  ],
];
for (const [configs, message] of UNREADABLE) {
  Deno.test(`declaredConfigs() refuses ${JSON.stringify(configs)} in one line`, () => {
    const error = assertThrows(() => declared(configs), Mistake);
    const fix = "Mend it, or name the files themselves, by a pattern";
    assertEquals(error.message, `Cannot read README.md: ${message}. ${fix}`);
  });
}

const START = "- config_name: a\n  data_files: ";
const times = (unit: string | ((i: number) => string)) => {
  let text = START;
  for (let i = 0; text.length < 1_040_000; i++) text += typeof unit === "string" ? unit : unit(i);
  return text;
};
const FORGED: [name: string, configs: string][] = [
  ["lists in lists", times("[")],
  ["mappings in mappings", times("{a: ")],
  ["keys that are mappings", times("{? ")],
  [
    "mappings of keys that are mappings",
    times((i) => i === 0 ? "[" : `${"{? ".repeat(60)}${"}".repeat(60)},`) + "]",
  ],
  ["spaces", `${times(" ")}b`],
  ["spaces and a line separator", `${times(" ")}x\u2028y`],
  ["spaces in an item", `${START}\n  - a${" ".repeat(1_040_000)}b`],
  ["empty lines", `${times("\n")} b`],
  ["anchors", times((i) => `\n  - &a${i} x`)],
  ["anchors and their aliases", times((i) => `\n  - &a${i} x\n  - *a${i}`)],
  ["aliases", times((i) => i === 0 ? "\n  - &a x" : "\n  - *a")],
  ["lists of aliases", times((i) => `\n  - &a${i} [${`*a${i - 1},`.repeat(i === 0 ? 0 : 9)}]`)],
  ["keys", times((i) => `\n    k${i}:`)],
  ["keys in a line", times((i) => i === 0 ? "{" : `k${i},`)],
  ["commas", times((i) => i === 0 ? "[" : ",")],
  ["a quote of many lines", times((i) => i === 0 ? '"' : "a\n  ")],
  ["many mistakes", times("\n  - ]")],
  ["tags", times("!!str ")],
  ["one word", times("x")],
];
for (const [name, configs] of FORGED) {
  Deno.test(`declaredConfigs() ends soon on ${name}`, () => {
    const start = processorMs();
    try {
      declared(configs);
    } catch (error) {
      assertMatch((error as Error).message, /^Cannot read README\.md: [^\n]+$/);
      assert((error as Error).message.length < 400);
    }
    const took = processorMs() - start;
    assert(took <= 5000, `it took ${took} ms`);
  });
}

Deno.test("declaredConfigs() refuses a header of over a megabyte", () => {
  const error = assertThrows(() => declared(`- ${"x".repeat(2 ** 20)}`), Mistake);
  assertEquals(
    error.message,
    "Cannot read README.md: its header is 1048611 characters long, expected at most 1048576. " +
      "Mend it, or name the files themselves, by a pattern",
  );
});

const SHARDS = [
  ...["en/test-00000-of-00001.parquet", "en/train-00000-of-00002.parquet"],
  ...["en/train-00001-of-00002.parquet", "fr/train-00000-of-00001.parquet", "notes.jsonl"],
];

Deno.test("folderConfigs() takes folders with the same split for configs, and no others", () => {
  assertEquals(folderConfigs(SHARDS), [
    {
      ...{ name: "en", isDefault: false, folder: "en/" },
      splits: [
        split("test", SHARDS[0].slice(3)),
        split("train", SHARDS[1].slice(3), SHARDS[2].slice(3)),
      ],
    },
    { name: "fr", isDefault: false, folder: "fr/", splits: [split("train", SHARDS[3].slice(3))] },
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
  ["de", "it has the configs en, fr, expected one. Say which by split, as en/test"],
  ["de/train", 'it has the configs en, fr, expected "de"'],
  [
    "en",
    "it has the splits test, train in config en, expected one. Say which by split, as en/test",
  ],
  ["fr/test", 'it has the splits train in config fr, expected "test"'],
];
for (const [asked, message] of REFUSED) {
  Deno.test(`filesOfConfig() refuses ${asked ?? "nothing named"} in one line`, () => {
    const error = assertThrows(() => filesOfConfig("it", BOTH, SHARDS, asked), Mistake);
    assertEquals(error.message, `Cannot open it: ${message}`);
  });
}

Deno.test("filesOfConfig() says where a declared split has no file", () => {
  const configs = declared("- config_name: a\n  data_files:\n  - split: train\n    path: no/*");
  const error = assertThrows(() => filesOfConfig("it", configs, SHARDS, undefined), Mistake);
  assertEquals(
    error.message,
    "Cannot open it: it has no data file for the split train, expected some that match no/*",
  );
});

Deno.test("filesOfConfig() finds the splits of a config without patterns by the names in its folder", () => {
  const configs = declared(
    "- config_name: en\n  data_dir: en\n- config_name: fr\n  data_dir: test_fr\n- config_name: all\n- config_name: none\n  data_dir: none",
  );
  const inFolder = declared("- {config_name: a, data_dir: en, data_files: [test.csv, 'ex*']}");
  const names = ["en/extra.csv", "en/test.csv", "en/train/a.csv", "en/val.csv", "test_fr/a.csv"];
  const files = (asked: string) => filesOfConfig("it", configs, names, asked);
  assertEquals(files("en/train"), ["en/train/a.csv"]);
  assertEquals(files("en/test"), ["en/test.csv"]);
  assertEquals(files("en/dev"), ["en/val.csv"]);
  assertEquals(filesOfConfig("it", inFolder, names, "a"), ["en/extra.csv", "en/test.csv"]);
  assertEquals(files("en/extra"), ["en/extra.csv"]);
  assertEquals(files("fr"), ["test_fr/a.csv"]);
  assertEquals(files("fr/train"), ["test_fr/a.csv"]); // the folder of the config says no split
  assertEquals(files("all/test"), ["en/test.csv", "test_fr/a.csv"]);
  for (
    const [asked, message] of [
      [
        "en",
        "the splits test, train, validation in config en, expected one. Say which by split, as en/test",
      ],
      ["en/other", 'the splits test, train, validation in config en, expected "other"'],
      ["none/train", "no data file in config none, expected some below none/"],
      ["val", "the configs en, fr, all, none, expected one. Say which by split, as en/validation"],
    ]
  ) {
    const error = assertThrows(() => files(asked), Mistake);
    assertEquals(error.message, `Cannot open it: it has ${message}`);
  }
});

Deno.test("filesOfConfig() takes val, valid and dev for validation, and a name as it stands first", () => {
  const names = ["a", "b", "c"];
  const files = (splits: string[], asked: string) => {
    const list = splits.map((name, i) => `{split: ${name}, path: ${names[i]}}`);
    const configs = declared(`- {config_name: it, data_files: [${list}]}`);
    return filesOfConfig("it", configs, names, asked);
  };
  for (const asked of ["val", "valid", "dev", "validation"]) {
    assertEquals(files(["train", "validation"], asked), ["b"]);
    assertEquals(files(["train", "dev"], asked), ["b"]);
  }
  assertEquals(files(["dev", "val", "validation"], "val"), ["b"]);
  assertThrows(() => files(["dev", "val"], "validation"), Mistake, "the splits dev, val");
  assertThrows(() => files(["train"], "constructor"), Mistake, 'expected "constructor"');
});

Deno.test("filesOfConfig() takes a config's name with a slash, and asks where two are the default", () => {
  const files = (configs: string, asked?: string) =>
    filesOfConfig("it", declared(configs), ["a", "b"], asked);
  const two = "- {config_name: en/us, data_files: a}\n- {config_name: train, data_files: b}";
  assertEquals(files(two, "en/us"), ["a"]);
  assertEquals(files(two, "en/us/train"), ["a"]);
  assertEquals(files(two, "train"), ["b"]); // the config
  const one =
    "- {config_name: train, data_files: [{split: test, path: a}, {split: train, path: b}]}";
  assertEquals(files(one, "train"), ["b"]); // the split
  assertEquals(files("- {config_name: en, data_files: a}", "en"), ["a"]);
  const defaults = "- {config_name: default, data_files: a}\n" +
    "- {config_name: x, default: true, data_files: b}";
  assertThrows(() => files(defaults), Mistake, "as default/train");
});

Deno.test("filesOfConfig() takes a pattern that is a file's name for that file, and bounds the others", () => {
  const config = (patterns: string[]) => [
    { name: "a", isDefault: true, folder: "", splits: [split("train", ...patterns)] },
  ];
  const names = ["a*.csv", "abc.csv", "b.csv"];
  assertEquals(filesOfConfig("it", config(["a*.csv", "b.csv"]), names, undefined), [
    "a*.csv",
    "b.csv",
  ]);
  assertEquals(filesOfConfig("it", config(["ab*.csv"]), names, undefined), ["abc.csv"]);
  const error = assertThrows(
    () => filesOfConfig("it", config(["*a".repeat(8193)]), names, undefined),
    Mistake,
  );
  assertEquals(
    error.message,
    "Cannot open it: the patterns of its split train are 16386 characters long, expected at most " +
      "16384. Mend it, or name the files themselves, by a pattern",
  );
});
