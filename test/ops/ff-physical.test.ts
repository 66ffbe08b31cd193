import {physicalCases} from "./ff-physical-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) physicalCases(backend);
