import {moeMergingCases} from "../ops/moe-merging-cases.ts";

moeMergingCases("webgpu");
