import {granularityCases} from "./pruning-granularity-cases.ts";
import {scoreCases} from "./pruning-score-cases.ts";
import {shrinkCases} from "./pruning-shrink-cases.ts";
import {updaterCases} from "./pruning-updater-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) {
  scoreCases(backend);
  granularityCases(backend);
  updaterCases(backend);
  shrinkCases(backend);
}
