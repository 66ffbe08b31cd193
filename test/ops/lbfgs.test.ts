import {lbfgsCases} from "./lbfgs-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) lbfgsCases(backend);
