import { testFamily } from "../../../support/family_tests.ts";

testFamily("gpt_neox");
testFamily("gpt_neox_sequential");
