// The smallest kernel there is: x ← by·x, in place, on both devices.
import type { Arena, Kernel, Owned, Tensor } from "../../backend/mod.ts";
import { defineKernel, grid, sizeOf } from "../../backend/mod.ts";

/** Binds x; params n and by. */
export const scaleKernel: Kernel = defineKernel({
  name: "scale",
  bindings: [{ name: "x", access: "read_write" }],
  params: [["n", "u32"], ["by", "f32"]],
  fixed: [],
  wgsl: () => /* wgsl */ `
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32) {
  let i = flatIndex(group, groups, 64u, local);
  if (i < p.n) { x[i] = x[i] * p.by; }
}`,
  workgroups: (p) => grid(p.n),
  cpu: [{
    tasks: (p) => Math.ceil(p.n / 64),
    run: ({ b, p }, lo, hi) => {
      for (let i = lo * 64; i < Math.min(hi * 64, p.n); i++) b.x[i] *= p.by;
    },
  }],
});

/** Record x ← by·x. */
export function scaleInPlace(arena: Arena, x: Tensor, by: number): void {
  arena.dispatch(scaleKernel, { bind: { x }, params: { n: sizeOf(x.shape), by } });
}

/** A pure function over donated memory, as a training step is one. */
export function scaled(arena: Arena, x: Owned<Tensor>, by: number): Owned<Tensor> {
  const next = x.donate(arena, "scaled");
  scaleInPlace(arena, next.borrow(), by);
  return next;
}

/** Host numbers for a tensor. */
export function f32(...values: number[]): Float32Array<ArrayBuffer> {
  return new Float32Array(values);
}
