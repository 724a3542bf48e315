// The script of a character, for the UnicodeScripts pre-tokenizer: those of Unicode 9, which is what the Rust tokenizers
// has a table of; Japanese is read as one script.

const NAMES = (
  "Adlam Ahom Anatolian_Hieroglyphs Arabic Armenian Avestan Balinese Bamum Bassa_Vah Batak " +
  "Bengali Bhaiksuki Bopomofo Brahmi Braille Buginese Buhid Canadian_Aboriginal Carian " +
  "Caucasian_Albanian Chakma Cham Cherokee Common Coptic Cuneiform Cypriot Cyrillic Deseret " +
  "Devanagari Duployan Egyptian_Hieroglyphs Elbasan Ethiopic Georgian Glagolitic Gothic Grantha " +
  "Greek Gujarati Gurmukhi Han Hangul Hanunoo Hatran Hebrew Hiragana Imperial_Aramaic Inherited " +
  "Inscriptional_Pahlavi Inscriptional_Parthian Javanese Kaithi Kannada Katakana Kayah_Li " +
  "Kharoshthi Khmer Khojki Khudawadi Lao Latin Lepcha Limbu Linear_A Linear_B Lisu Lycian " +
  "Lydian Mahajani Malayalam Mandaic Manichaean Marchen Meetei_Mayek Mende_Kikakui " +
  "Meroitic_Cursive Meroitic_Hieroglyphs Miao Modi Mongolian Mro Multani Myanmar Nabataean " +
  "New_Tai_Lue Newa Nko Ogham Ol_Chiki Old_Hungarian Old_Italic Old_North_Arabian Old_Permic " +
  "Old_Persian Old_South_Arabian Old_Turkic Oriya Osage Osmanya Pahawh_Hmong Palmyrene " +
  "Pau_Cin_Hau Phags_Pa Phoenician Psalter_Pahlavi Rejang Runic Samaritan Saurashtra Sharada " +
  "Shavian Siddham SignWriting Sinhala Sora_Sompeng Sundanese Syloti_Nagri Syriac Tagalog " +
  "Tagbanwa Tai_Le Tai_Tham Tai_Viet Takri Tamil Tangut Telugu Thaana Thai Tibetan Tifinagh " +
  "Tirhuta Ugaritic Vai Warang_Citi Yi "
).trim().split(" ");

const known = new Map<string, string | undefined>();
let scripts: [string, RegExp][] | undefined;

/** The script of a character; kana are Han. A space has none, nor what Unicode 9 did not know. */
export function scriptOf(character: string): string | undefined {
  if (known.has(character)) return known.get(character);
  scripts ??= NAMES.map((name) => [name, new RegExp(`^\\p{Script=${name}}$`, "u")]);
  const [name] = character === " "
    ? []
    : scripts.find(([, pattern]) => pattern.test(character)) ?? [];
  const kana = name === "Hiragana" || name === "Katakana" || character === "\u30fc";
  const script = kana ? "Han" : name;
  if (known.size < 65_536) known.set(character, script);
  return script;
}
