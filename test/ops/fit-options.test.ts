import {fitOptionsCases} from "./fit-options-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) fitOptionsCases(backend);
