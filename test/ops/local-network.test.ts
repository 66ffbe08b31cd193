import {localNetworkCases} from "./local-network-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) localNetworkCases(backend);
