import {geluCases} from "./gelu-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) geluCases(backend);
