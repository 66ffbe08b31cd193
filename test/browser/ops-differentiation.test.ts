import {differentiationCases} from "../ops/differentiation-cases.ts";

differentiationCases("webgpu");
