import {moeGradientsCases} from "./moe-gradients-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) moeGradientsCases(backend);
