import {transformationCases} from "../ops/transformation-cases.ts";

transformationCases("webgpu");
