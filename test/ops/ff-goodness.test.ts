import {goodnessCases} from "./ff-goodness-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) goodnessCases(backend);
