import {plannedCases} from "../ops/planned-cases.ts";
import {use} from "../ops/support.ts";

plannedCases("webgpu", use);
