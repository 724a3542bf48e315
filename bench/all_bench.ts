// Everything that `deno bench` measures, on each device, in one process: so there is one table and one pair of peaks.
import { decodeBench } from "./decode.ts";
import { attentionBenches } from "./kernels/attention.ts";
import { matmulBenches } from "./kernels/matmul.ts";
import { matrixBenches } from "./kernels/matrix.ts";
import { rowBenches } from "./kernels/rows.ts";
import { trainingBenches } from "./kernels/training.ts";
import { stepBench } from "./step.ts";
import { kernelBench, taskBench } from "./support/harness.ts";

for (
  const bench of [
    ...matmulBenches,
    ...matrixBenches,
    ...attentionBenches,
    ...rowBenches,
    ...trainingBenches,
  ]
) {
  kernelBench(bench);
}
taskBench(stepBench);
taskBench(decodeBench);
