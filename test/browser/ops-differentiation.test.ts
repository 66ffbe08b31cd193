import {differentiationCases} from "../ops/differentiation-cases.ts";
import {einsumCases} from "../ops/einsum-cases.ts";

differentiationCases("webgpu");
einsumCases("webgpu");
