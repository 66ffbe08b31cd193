import {layerCases} from "./layer-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) layerCases(backend);
