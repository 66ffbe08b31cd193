import {structuredLinearCases} from "../ops/structured-linear-cases.ts";

structuredLinearCases("webgpu");
