import {goodnessKernelCases} from "../ops/goodness-kernel-cases.ts";

goodnessKernelCases("webgpu", {large: false});
