import { testFamily } from "../../../support/family_tests.ts";

testFamily("phi3");
testFamily("phi3_longrope");
