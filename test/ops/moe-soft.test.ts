import {softCases} from "./moe-soft-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) softCases(backend);
