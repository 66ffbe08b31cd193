import {softCases} from "../ops/moe-soft-cases.ts";

softCases("webgpu");
