import {conv2dKernelCases} from "../ops/conv2d-kernel-cases.ts";

conv2dKernelCases("webgpu");
