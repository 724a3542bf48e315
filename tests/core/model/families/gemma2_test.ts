import { testFamily } from "../../../support/family_tests.ts";

testFamily("gemma2");
