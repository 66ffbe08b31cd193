import {moeCases} from "../ops/moe-cases.ts";

moeCases("webgpu");
