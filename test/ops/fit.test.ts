import {datasetsFromDisk} from "./digits-source.ts";
import {fitCases} from "./fit-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

datasetsFromDisk();
for (const backend of NODE_BACKENDS) fitCases(backend);
