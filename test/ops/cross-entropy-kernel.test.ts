import {crossEntropyCases} from "./cross-entropy-kernel-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) crossEntropyCases(backend);
