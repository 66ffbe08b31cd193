import {moeCarvingCases} from "../ops/moe-carving-cases.ts";

moeCarvingCases("webgpu");
