import {geluCases} from "../ops/gelu-cases.ts";

geluCases("webgpu");
