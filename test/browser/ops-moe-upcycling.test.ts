import {moeUpcyclingCases} from "../ops/moe-upcycling-cases.ts";

moeUpcyclingCases("webgpu");
