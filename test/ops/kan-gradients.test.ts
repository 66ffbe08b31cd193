import {kanGradientCases} from "./kan-gradient-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) kanGradientCases(backend);
