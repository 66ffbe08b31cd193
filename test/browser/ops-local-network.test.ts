import {localNetworkCases} from "../ops/local-network-cases.ts";

localNetworkCases("webgpu");
