import wasmAddress from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url";
import simdAddress from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url";
import threadedAddress from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url";
import {countWebGpu} from "./counts.ts";
import {measureHere} from "./measure-here.ts";

const wasmPaths = {
  "tfjs-backend-wasm.wasm": wasmAddress,
  "tfjs-backend-wasm-simd.wasm": simdAddress,
  "tfjs-backend-wasm-threaded-simd.wasm": threadedAddress
};

countWebGpu();
Object.assign(globalThis, {
  measure: (...[order]: Parameters<typeof measureHere>) => measureHere(order, wasmPaths)
});
