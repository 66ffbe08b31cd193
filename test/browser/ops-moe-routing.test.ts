import {moeRoutingCases} from "../ops/moe-routing-cases.ts";

moeRoutingCases("webgpu");
