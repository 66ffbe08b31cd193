import {nestedCases} from "./moe-nested-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) nestedCases(backend);
