// How the shaders of the norms begin: a workgroup of 64 threads has one row, and sums over it in a fixed tree.
import { eachWorkgroupWgsl, WORKGROUP_SUM } from "../workgroup.ts";

/** WGSL: `main` up to where `row` of `p.rows` begins at `start`, D numbers long; `total(local, value)` sums over threads. */
export const ROW_WGSL: string = /* wgsl */ `${WORKGROUP_SUM}
${eachWorkgroupWgsl("row", "p.rows")}
  let start = row * D;`;
