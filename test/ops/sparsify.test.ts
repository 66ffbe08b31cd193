import {sparsifyCases} from "./sparsify-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) sparsifyCases(backend);
