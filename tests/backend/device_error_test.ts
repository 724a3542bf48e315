import { assertEquals, assertInstanceOf } from "@std/assert";
import { DeviceError } from "../../backend/device_error.ts";

Deno.test("DeviceError is told from a fault of the program by its type and name", () => {
  const error = new DeviceError("Cannot open WebGPU: there is no adapter");
  assertInstanceOf(error, Error);
  assertEquals(error instanceof RangeError, false);
  assertEquals(`${error}`, "DeviceError: Cannot open WebGPU: there is no adapter");
});
