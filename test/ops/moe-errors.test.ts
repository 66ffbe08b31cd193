import {moeErrorsCases} from "./moe-errors-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) moeErrorsCases(backend);
