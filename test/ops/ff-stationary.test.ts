import {stationaryCases} from "./ff-stationary-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) stationaryCases(backend);
