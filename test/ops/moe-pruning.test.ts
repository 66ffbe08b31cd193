import {moePruningCases} from "./moe-pruning-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) moePruningCases(backend);
