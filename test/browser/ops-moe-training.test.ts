import {moeTrainingCases} from "../ops/moe-training-cases.ts";

moeTrainingCases("webgpu");
