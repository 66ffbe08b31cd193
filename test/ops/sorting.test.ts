import {sortingCases} from "./sorting-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) sortingCases(backend);
