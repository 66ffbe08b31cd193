import {moeCarvingCases} from "./moe-carving-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) moeCarvingCases(backend);
