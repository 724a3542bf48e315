// Dates are written as Python's strftime writes them in the C locale.
import { assertEquals } from "@std/assert";
import { formatTime } from "../../../../core/text/template/strftime.ts";

Deno.test("formatTime() knows the directives of chat templates, and leaves others", () => {
  const rows: [Date, string, string][] = [
    [new Date(2026, 6, 4, 9, 5, 7), "%d %b %Y|%B %-d|%A %a", "04 Jul 2026|July 4|Saturday Sat"],
    [new Date(2026, 0, 1, 0, 0, 0), "%H:%M:%S %I %p %j", "00:00:00 12 AM 001"],
    [
      new Date(2024, 11, 31, 23, 59, 1),
      "%F %T %y %m %e %j %%d",
      "2024-12-31 23:59:01 24 12 31 366 %d",
    ],
    [new Date(2026, 6, 4), "%Q 100%", "%Q 100%"],
  ];
  for (const [date, format, wanted] of rows) assertEquals(formatTime(date, format), wanted);
});
