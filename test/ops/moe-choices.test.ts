import {moeChoicesCases} from "./moe-choices-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) moeChoicesCases(backend);
