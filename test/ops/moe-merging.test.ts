import {moeMergingCases} from "./moe-merging-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) moeMergingCases(backend);
