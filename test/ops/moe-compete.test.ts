import {competeCases} from "./moe-compete-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) competeCases(backend);
