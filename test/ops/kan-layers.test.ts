import {kanLayersCases} from "./kan-layers-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) kanLayersCases(backend);
