import {sparseLinearCases} from "../ops/sparse-linear-cases.ts";

sparseLinearCases("webgpu");
