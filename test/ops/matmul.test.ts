import {matMulCases} from "./matmul-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) matMulCases(backend);
