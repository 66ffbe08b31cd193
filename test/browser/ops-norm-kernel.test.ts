import {normKernelCases} from "../ops/norm-kernel-cases.ts";

normKernelCases("webgpu");
