import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import {
  adapterLayout,
  cloneTrainState,
  downloadTrainState,
  initAdapter,
  initTrainState,
  keyOf,
  uploadTrainState,
} from "../../../core/mod.ts";
import { deviceTest } from "../../support/devices.ts";
import { uniform } from "../../support/random.ts";

const layout = adapterLayout([{ name: "layer", inDim: 9, outDim: 5 }], { rank: 2, alpha: 4 });
const MEMBERS = 3, SIZE = MEMBERS * layout.size;

deviceTest("initTrainState() is initAdapter() with moments of zero", async (device) => {
  using state = initTrainState(device, layout, MEMBERS, keyOf(4));
  assertEquals(await downloadTrainState(device, state), {
    params: initAdapter(layout, MEMBERS, keyOf(4)),
    m: new Float32Array(SIZE),
    v: new Float32Array(SIZE),
  });
});

deviceTest("uploadTrainState() and downloadTrainState() keep every bit", async (device) => {
  const host = { params: uniform(SIZE, 1), m: uniform(SIZE, 2), v: uniform(SIZE, 3) };
  host.params.set([-0, 1e-42, 3.4e38, -Infinity]); // a denormal among them
  using state = uploadTrainState(device, layout, MEMBERS, host);
  const read = await downloadTrainState(device, state);
  const bits = (x: Float32Array) => new Uint32Array(x.buffer, x.byteOffset, x.length);
  for (const name of ["params", "m", "v"] as const) {
    assertEquals(bits(read[name]), bits(host[name]));
  }
});

deviceTest("uploadTrainState() refuses numbers of another layout", (device) => {
  const short = new Float32Array(SIZE - 1);
  assertThrows(
    () => uploadTrainState(device, layout, MEMBERS, { params: short, m: short, v: short }),
    TypeError,
    "elements",
  );
});

deviceTest("cloneTrainState() copies every bit into memory of its own", async (device) => {
  const host = { params: uniform(SIZE, 1), m: uniform(SIZE, 2), v: uniform(SIZE, 3) };
  using state = uploadTrainState(device, layout, MEMBERS, host);
  using clone = cloneTrainState(device, state);
  for (const name of ["params", "m", "v"] as const) {
    assertNotEquals(clone.borrow()[name].storage.block.id, state.borrow()[name].storage.block.id);
  }
  state[Symbol.dispose]();
  assertEquals(await downloadTrainState(device, clone), host);
});
