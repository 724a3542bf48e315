import { testFamily } from "../../../support/family_tests.ts";

testFamily("starcoder2");
