import { testFamily } from "../../../support/family_tests.ts";

testFamily("llama");
testFamily("llama3");
testFamily("llama_linear");
testFamily("llama_dynamic");
testFamily("llama_yarn");
