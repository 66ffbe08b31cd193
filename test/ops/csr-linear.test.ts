import {csrLinearCases} from "./csr-linear-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) csrLinearCases(backend);
