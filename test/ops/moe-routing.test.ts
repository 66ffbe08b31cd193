import {moeRoutingCases} from "./moe-routing-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) moeRoutingCases(backend);
