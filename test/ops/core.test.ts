import {coreCases} from "./core-cases.ts";
import {optimizerCases} from "./optimizer-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) {
  coreCases(backend);
  optimizerCases(backend);
}
