import { assertEquals } from "@std/assert";
import { loadModel } from "../../../../core/mod.ts";
import { deviceTest } from "../../../support/devices.ts";
import { familyConfig, familyFixture, familyTensors } from "../../../support/families.ts";
import { testFamily } from "../../../support/family_tests.ts";

testFamily("phi3");
testFamily("phi3_longrope");

deviceTest(
  "phi3_longrope is loaded for texts as long as those of pretraining where nobody says",
  async (device) => {
    const config = familyConfig("phi3_longrope", await familyFixture("phi3_longrope"));
    const model = loadModel(device, config, familyTensors(config, 1));
    using _weights = model.weights;
    assertEquals([config.maxPositions, model.config.maxPositions], [128, 32]);
  },
);
