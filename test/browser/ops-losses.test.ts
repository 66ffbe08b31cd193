import {lossCases} from "../ops/loss-cases.ts";

lossCases("webgpu");
