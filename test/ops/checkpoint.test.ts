import {checkpointCases} from "./checkpoint-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) checkpointCases(backend);
