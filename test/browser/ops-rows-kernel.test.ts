import {rowsKernelCases} from "../ops/rows-kernel-cases.ts";

rowsKernelCases("webgpu");
