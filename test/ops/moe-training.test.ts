import {datasetsFromDisk} from "./digits-source.ts";
import {moeTrainingCases} from "./moe-training-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

datasetsFromDisk();
for (const backend of NODE_BACKENDS) moeTrainingCases(backend);
