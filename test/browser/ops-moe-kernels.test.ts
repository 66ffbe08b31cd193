import {moeKernelCases} from "../ops/moe-kernel-cases.ts";

moeKernelCases("webgpu");
