import {splineDenseCases} from "./spline-dense-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) splineDenseCases(backend);
