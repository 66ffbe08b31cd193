import {nestedCases} from "../ops/moe-nested-cases.ts";

nestedCases("webgpu");
