import {ruleCases, trainingCases} from "./ff-rules-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) ruleCases(backend);
trainingCases("wasm");
