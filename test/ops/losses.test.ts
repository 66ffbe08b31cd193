import {lossCases} from "./loss-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) lossCases(backend);
