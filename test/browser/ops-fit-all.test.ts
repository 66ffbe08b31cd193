import {fitAllCases} from "../ops/fit-all-cases.ts";

fitAllCases("webgpu");
