import {plannedCases} from "./planned-cases.ts";
import {NODE_BACKENDS, use} from "./support.ts";

for (const backend of NODE_BACKENDS) plannedCases(backend, use);
