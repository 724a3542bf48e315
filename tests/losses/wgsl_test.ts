// Every loss's WGSL on a real adapter (lavapipe where there is no GPU), held to the f64 formula.

import { assert, assertEquals } from "@std/assert";
import type { LossInput, PreferenceLoss } from "../../losses/mod.ts";
import { type LossRow, lossTable, pairs } from "./table.ts";

if (Deno.env.get("XDG_RUNTIME_DIR") === undefined) Deno.env.set("XDG_RUNTIME_DIR", "/tmp");

const u = 2 ** -24; // f32 unit roundoff
const fields = ["dw", "dl", "nw", "nl", "lw", "ll"] as const;

/** The pairs as f32 sees them; with the kinks, which all are exact in f32. */
function inputsOf({ kink }: LossRow): LossInput[] {
  const inputs = kink === undefined ? pairs : [...pairs, kink.at];
  return inputs.map((x) =>
    Object.fromEntries(fields.map((f) => [f, Math.fround(x[f])])) as unknown as LossInput
  );
}

/** Runs `lossValue` and `lossSlopes` on every input; returns rows of (value, ∂dw, ∂dl, 0). */
async function onDevice(loss: PreferenceLoss, inputs: readonly LossInput[]): Promise<Float32Array> {
  const adapter = await navigator.gpu.requestAdapter();
  assert(adapter !== null, "no WebGPU adapter: install one (Debian: mesa-vulkan-drivers)");
  const device = await adapter.requestDevice();
  device.pushErrorScope("validation");
  const module = device.createShaderModule({
    code: `struct LossInput { dw: f32, dl: f32, nw: f32, nl: f32, lw: f32, ll: f32 }
${loss.wgsl}
@group(0) @binding(0) var<storage, read> inputs: array<LossInput>;
@group(0) @binding(1) var<storage, read_write> outputs: array<vec4f>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < arrayLength(&inputs)) {
    let x = inputs[id.x];
    outputs[id.x] = vec4f(lossValue(x), lossSlopes(x), 0.0f);
  }
}`,
  });
  const pipeline = device.createComputePipeline({ layout: "auto", compute: { module } });
  const data = Float32Array.from(inputs.flatMap((x) => fields.map((f) => x[f])));
  const source = device.createBuffer({
    size: data.byteLength,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST,
  });
  const size = inputs.length * 16;
  const target = device.createBuffer({
    size,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC,
  });
  const staging = device.createBuffer({
    size,
    usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
  });
  device.queue.writeBuffer(source, 0, data);
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  const entries = [source, target].map((buffer, binding) => ({ binding, resource: { buffer } }));
  pass.setBindGroup(
    0,
    device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }),
  );
  pass.dispatchWorkgroups(Math.ceil(inputs.length / 64));
  pass.end();
  encoder.copyBufferToBuffer(target, 0, staging, 0, size);
  device.queue.submit([encoder.finish()]);
  const error = await device.popErrorScope();
  assertEquals(error?.message, undefined);
  await staging.mapAsync(GPUMapMode.READ);
  const rows = new Float32Array(staging.getMappedRange().slice(0));
  for (const buffer of [source, target, staging]) buffer.destroy();
  device.destroy();
  return rows;
}

/**
 * What f32 may be off by: 8u for the arithmetic on values; the margin's own rounding, 4u of the sizes
 * that it is made of, times the slope (for the value) or the curvature (for a slope); and
 * (3 + 2|z|) ulp of each e^−|z|, which the WGSL cuts at e⁻⁸⁷ = 1.65e-38.
 */
function tolerances(
  { loss, target, exponential }: LossRow,
  x: LossInput,
): [number, number, number] {
  const s = loss.slopes(x);
  const sizes = { dw: Math.abs(x.dw) + Math.abs(x.lw), dl: Math.abs(x.dl) + Math.abs(x.ll) };
  const perToken = loss.options.reduction === "mean" ? [x.nw, x.nl] : [1, 1];
  const margin = sizes.dw / perToken[0] + sizes.dl / perToken[1] + target;
  const steep = Math.abs(s.dw) * perToken[0] + Math.abs(s.dl) * perToken[1];
  const z = exponential === undefined ? 0 : Math.abs(exponential.z(x));
  const beta = exponential?.beta ?? 0;
  const exp = beta === 0 ? 0 : (3 + 2 * z) * 2 * u * Math.exp(-z) + 1.7e-38;
  const bend = loss.name === "ipo" ? 2 : beta ** 2 * Math.exp(-z); // ∂²L/∂margin²
  return [
    8 * u * Math.abs(loss.value(x)) + 4 * u * margin * steep + exp,
    8 * u * Math.abs(s.dw) + 4 * u * margin * bend / perToken[0] + beta * exp,
    8 * u * Math.abs(s.dl) + 4 * u * margin * bend / perToken[1] + beta * exp,
  ];
}

for (const row of lossTable) {
  Deno.test(`${row.title}: wgsl on the adapter is value() and slopes()`, async () => {
    const inputs = inputsOf(row);
    const rows = await onDevice(row.loss, inputs);
    let worst = { ratio: 0, text: "" };
    let wrong = 0;
    inputs.forEach((x, i) => {
      const { dw, dl } = row.loss.slopes(x);
      const allowed = tolerances(row, x);
      [row.loss.value(x), dw, dl].forEach((wanted, j) => {
        const found = rows[4 * i + j];
        const off = Math.abs(found - wanted);
        const ratio = off === 0 ? 0 : off / allowed[j];
        if (!(ratio <= 1)) wrong++;
        if (!(ratio <= worst.ratio)) {
          const name = ["value", "∂dw", "∂dl"][j];
          const at = JSON.stringify(x);
          worst = {
            ratio,
            text: `${name} is ${found}, f64 ${wanted}, ${ratio} × allowed, at ${at}`,
          };
        }
      });
    });
    assertEquals(wrong, 0, `${wrong} of ${3 * inputs.length} are off; worst: ${worst.text}`);
  });
}

Deno.test("every loss of the house has wgsl without literals that WGSL forbids", () => {
  for (const { title, loss } of lossTable) {
    assert(loss.wgsl !== undefined, title);
    assert(!/NaN|Infinity|inf\b/i.test(loss.wgsl), title);
  }
});
