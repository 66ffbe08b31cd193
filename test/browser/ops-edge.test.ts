import {edgeCases} from "../ops/edge-cases.ts";

edgeCases("webgpu");
