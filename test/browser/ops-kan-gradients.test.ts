import {kanGradientCases} from "../ops/kan-gradient-cases.ts";

kanGradientCases("webgpu");
