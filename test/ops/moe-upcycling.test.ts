import {moeUpcyclingCases} from "./moe-upcycling-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) moeUpcyclingCases(backend);
