import {byHandCases} from "./ff-by-hand-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) byHandCases(backend);
