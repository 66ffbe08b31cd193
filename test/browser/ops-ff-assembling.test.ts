import {assemblingCases} from "../ops/ff-assembling-cases.ts";

assemblingCases("webgpu");
