import {counterCurrentCases} from "./ff-counter-current-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) counterCurrentCases(backend);
