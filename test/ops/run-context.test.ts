import {runContextCases} from "./run-context-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) runContextCases(backend);
