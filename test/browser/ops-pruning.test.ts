import {granularityCases} from "../ops/pruning-granularity-cases.ts";
import {scoreCases} from "../ops/pruning-score-cases.ts";
import {shrinkCases} from "../ops/pruning-shrink-cases.ts";
import {sparseTrainingCases} from "../ops/pruning-training-cases.ts";
import {updaterCases} from "../ops/pruning-updater-cases.ts";

scoreCases("webgpu");
granularityCases("webgpu");
updaterCases("webgpu");
sparseTrainingCases("webgpu");
shrinkCases("webgpu");
