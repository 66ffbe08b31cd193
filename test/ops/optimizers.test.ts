import {NODE_BACKENDS} from "./support.ts";
import {transformationCases} from "./transformation-cases.ts";

for (const backend of NODE_BACKENDS) transformationCases(backend);
