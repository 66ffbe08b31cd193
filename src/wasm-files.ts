import wasmAddress from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url";
import simdAddress from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url";
import threadedAddress from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url";

/** Where the three builds of tfjs's wasm backend are; `base` is the address of the script or page that asks. */
export function wasmFiles(base: string): Record<string, string> {
  const absolute = (address: string) => new URL(address, base).href;
  return {
    "tfjs-backend-wasm.wasm": absolute(wasmAddress),
    "tfjs-backend-wasm-simd.wasm": absolute(simdAddress),
    "tfjs-backend-wasm-threaded-simd.wasm": absolute(threadedAddress)
  };
}
