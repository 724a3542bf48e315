import { assertEquals } from "@std/assert";
import { eventMessage } from "../../../../training/sinks/tensorboard/event.ts";

const AT_ONE = "09000000000000f03f"; // wall_time: 1

Deno.test("eventMessage() writes what there is and no more", () => {
  assertEquals(eventMessage({ wallTime: 1 }).toHex(), AT_ONE);
  assertEquals(eventMessage({ wallTime: 1, step: 0, scalars: {}, texts: {} }).toHex(), AT_ONE);
  assertEquals(eventMessage({ wallTime: 1, step: 5 }).toHex(), `${AT_ONE}1005`);
  assertEquals(eventMessage({ wallTime: 1, fileVersion: "v" }).toHex(), `${AT_ONE}1a0176`);
  assertEquals(
    eventMessage({ wallTime: 1, step: 3, restarts: true }).toHex(),
    `${AT_ONE}10033a020801`,
  );
});

Deno.test("eventMessage() keeps numbers in their order, a zero too", () => {
  assertEquals(
    eventMessage({ wallTime: 1, step: 2, scalars: { b: 0, a: 1 } }).toHex(),
    `${AT_ONE}10022a140a080a01621500000000` + "0a080a0161150000803f",
  );
});
