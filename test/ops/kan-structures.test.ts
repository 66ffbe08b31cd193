import {kanStructuresCases} from "./kan-structures-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) kanStructuresCases(backend);
