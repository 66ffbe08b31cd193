import {skipCases} from "../ops/moe-skip-cases.ts";

skipCases("webgpu");
