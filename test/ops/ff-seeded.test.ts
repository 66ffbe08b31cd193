import {seededCases} from "./ff-seeded-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) seededCases(backend);
