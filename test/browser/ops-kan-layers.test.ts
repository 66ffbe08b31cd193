import {kanLayersCases} from "../ops/kan-layers-cases.ts";

kanLayersCases("webgpu");
