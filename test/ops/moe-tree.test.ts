import {treeCases} from "./moe-tree-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) treeCases(backend);
