import {moeGradientsCases} from "../ops/moe-gradients-cases.ts";

moeGradientsCases("webgpu");
