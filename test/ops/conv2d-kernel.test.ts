import {conv2dKernelCases} from "./conv2d-kernel-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) conv2dKernelCases(backend);
