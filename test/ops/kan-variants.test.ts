import {kanVariantsCases} from "./kan-variants-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) kanVariantsCases(backend);
