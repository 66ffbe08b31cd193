import {forwardGradientCases} from "./ff-forward-gradient-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) forwardGradientCases(backend);
