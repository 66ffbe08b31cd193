import {moePruningCases} from "../ops/moe-pruning-cases.ts";

moePruningCases("webgpu");
