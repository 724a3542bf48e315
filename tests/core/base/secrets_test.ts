import { assertEquals } from "@std/assert";
import { withoutSecrets } from "../../../core/base/secrets.ts";

Deno.test("withoutSecrets() takes names, passwords and keys out of addresses, and nothing else", () => {
  const rows: readonly (readonly [text: string, wanted: string])[] = [
    ["https://user:pass@host/a", "https://…@host/a"],
    ["see http://me:p@ss:w@host:80/x?y=1 there", "see http://…@host:80/x?y=1 there"],
    ["https://token@host", "https://…@host"],
    ["https://user:pa/ss@host/x", "https://…@host/x"],
    ["HTTPS://U:P@H and ftp://a:b@c", "HTTPS://…@H and ftp://…@c"],
    [
      "https://h/x?token=abc&a=1&X-Amz-Signature=ff#end",
      "https://h/x?token=…&a=1&X-Amz-Signature=…#end",
    ],
    [
      "https://h/x?api_key=1&password=2&AWSAccessKeyId=3",
      "https://h/x?api_key=…&password=…&AWSAccessKeyId=…",
    ],
    ["https://localhost:8080/org/name@main", "https://localhost:8080/org/name@main"],
    ["https://host/org/name@main and me@host", "https://host/org/name@main and me@host"],
    ["a ? b = c, org/name@main: x", "a ? b = c, org/name@main: x"],
  ];
  for (const [text, wanted] of rows) assertEquals(withoutSecrets(text), wanted);
  const long = `https://${"a".repeat(50_000)}:`;
  assertEquals(withoutSecrets(long), long);
});
