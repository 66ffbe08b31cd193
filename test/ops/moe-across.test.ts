import {acrossCases} from "./moe-across-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) acrossCases(backend);
