import { preferenceLoss } from "../../../backend/reference/preference_loss.ts";
import { lossTable } from "../../losses/table.ts";
import { checkGradient } from "../../support/gradcheck.ts";
import { uniform } from "../../support/random.ts";

const members = 2, pairs = 3;
const counts = [4, 7, 2, 5, 1, 9];
const logps = uniform(members * 2 * pairs, 1).map((x) => 3 * x - 9);

for (const { title, loss } of lossTable) {
  for (const referenceStride of [0, 2 * pairs]) {
    const reference = uniform(2 * pairs + referenceStride, 2).map((x) => 3 * x - 9);
    const sizes = { members, pairs, referenceStride };
    Deno.test(`preferenceLoss() slopes equal the central difference of the mean: ${title}, stride ${referenceStride}`, () =>
      checkGradient(
        (v) =>
          preferenceLoss(loss, v, reference, counts, sizes).losses
            .reduce((sum, x) => sum + x / pairs, 0),
        preferenceLoss(loss, logps, reference, counts, sizes).slopes,
        logps,
        "slopes",
      ));
  }
}
