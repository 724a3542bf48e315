import { testFamily } from "../../../support/family_tests.ts";

testFamily("smollm3");
