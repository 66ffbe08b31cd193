import {expect, test} from "vitest";
import {openBackend} from "../../src/gpu/backend.ts";
import {matMul} from "../../src/gpu/kernels/matmul.ts";
import * as tf from "../../src/gpu/tfjs.ts";
import {nativeHeap} from "../../src/gpu/wasm/native.ts";
import {wasmFiles} from "../../src/wasm-files.ts";

test("our WebAssembly works on the shared memory of tfjs's build with threads", async () => {
  expect(crossOriginIsolated).toBe(true);
  await openBackend({prefer: "wasm", wasmPaths: wasmFiles(document.baseURI)});
  expect(await tf.env().getAsync("WASM_HAS_MULTITHREAD_SUPPORT")).toBe(true);
  const heap = nativeHeap(tf.backend());
  expect(heap?.backend.wasm.wasmMemory?.buffer).toBeInstanceOf(SharedArrayBuffer);
  const product = matMul(tf.tensor2d([[1, 2, 3]]), tf.tensor2d([[4, 5, 6]]), undefined, {transposeB: true});
  expect(product.dataSync()).toEqual(new Float32Array([32]));
});
