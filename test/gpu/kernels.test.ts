import {NODE_BACKENDS} from "../ops/support.ts";
import {kernelCases} from "./kernel-cases.ts";

for (const backend of NODE_BACKENDS) kernelCases(backend);
