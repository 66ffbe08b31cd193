import {layerGradientCases} from "./layer-gradient-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) layerGradientCases(backend);
