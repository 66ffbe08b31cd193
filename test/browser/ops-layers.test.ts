import {layerCases} from "../ops/layer-cases.ts";
import {layerGradientCases} from "../ops/layer-gradient-cases.ts";

layerCases("webgpu");
layerGradientCases("webgpu");
