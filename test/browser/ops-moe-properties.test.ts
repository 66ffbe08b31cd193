import {moePropertiesCases} from "../ops/moe-properties-cases.ts";

moePropertiesCases("webgpu");
