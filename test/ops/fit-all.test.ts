import {fitAllCases} from "./fit-all-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) fitAllCases(backend);
