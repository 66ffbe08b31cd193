import {moeCases} from "./moe-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) moeCases(backend);
