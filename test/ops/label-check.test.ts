import {labelCheckCases} from "./label-check-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) labelCheckCases(backend);
