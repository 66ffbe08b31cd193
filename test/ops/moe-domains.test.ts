import {moeDomainsCases} from "./moe-domains-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) moeDomainsCases(backend);
