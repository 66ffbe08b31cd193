import {randomCases} from "./random-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) randomCases(backend);
