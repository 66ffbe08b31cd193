import {skipCases} from "./moe-skip-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) skipCases(backend);
