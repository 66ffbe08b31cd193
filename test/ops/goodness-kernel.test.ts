import {goodnessKernelCases} from "./goodness-kernel-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) goodnessKernelCases(backend);
