import {lbfgsCases} from "../ops/lbfgs-cases.ts";

lbfgsCases("webgpu");
