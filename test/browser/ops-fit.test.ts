import {checkpointCases} from "../ops/checkpoint-cases.ts";
import {fitOptionsCases} from "../ops/fit-options-cases.ts";

fitOptionsCases("webgpu");
checkpointCases("webgpu");
