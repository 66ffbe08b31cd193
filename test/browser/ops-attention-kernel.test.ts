import {attentionKernelCases} from "../ops/attention-kernel-cases.ts";

attentionKernelCases("webgpu");
