// How the shaders of the norms begin: a workgroup of 64 threads has one row, and sums over it in a fixed tree.
import { WORKGROUP_SUM } from "../kernel.ts";

/** WGSL: `main` up to where `row` of `p.rows` begins at `start`, D numbers long; `total(local, value)` sums over threads. */
export const ROW_WGSL: string = /* wgsl */ `${WORKGROUP_SUM}
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32) {
  let row = group.y * groups.x + group.x;
  if (row >= p.rows) { return; }
  let start = row * D;`;
