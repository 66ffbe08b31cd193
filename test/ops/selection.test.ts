import {selectionCases} from "./selection-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) selectionCases(backend);
