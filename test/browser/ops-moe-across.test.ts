import {acrossCases} from "../ops/moe-across-cases.ts";

acrossCases("webgpu");
