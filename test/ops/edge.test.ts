import {edgeCases} from "./edge-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) edgeCases(backend);
