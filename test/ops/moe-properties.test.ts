import {moePropertiesCases} from "./moe-properties-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) moePropertiesCases(backend);
