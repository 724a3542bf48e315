import {
  BACKWARD,
  DECODE,
  DELTA,
  FORWARD,
} from "../../../../backend/kernels/attention/signature.ts";
import { checkSignatures } from "../../../support/signature_checks.ts";

checkSignatures({ BACKWARD, DECODE, DELTA, FORWARD });
