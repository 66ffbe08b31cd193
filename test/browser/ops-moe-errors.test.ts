import {moeErrorsCases} from "../ops/moe-errors-cases.ts";

moeErrorsCases("webgpu");
