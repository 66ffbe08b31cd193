import {moeChoicesCases} from "../ops/moe-choices-cases.ts";

moeChoicesCases("webgpu");
