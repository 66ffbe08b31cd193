import {datasetsFromDisk} from "./digits-source.ts";
import {partCases, wholeCases} from "./ff-parts-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

datasetsFromDisk();
for (const backend of NODE_BACKENDS) partCases(backend);
wholeCases("wasm");
