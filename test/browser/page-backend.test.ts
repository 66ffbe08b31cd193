import {expect, test} from "vitest";
import * as tf from "../../src/gpu/tfjs.ts";
import {nativeHeap} from "../../src/gpu/wasm/native.ts";
import {openPageBackend} from "../../src/page-backend.ts";

test("cells compute on one thread of WebAssembly, though the page could have more", async () => {
  expect(crossOriginIsolated).toBe(true);
  await openPageBackend();
  expect(tf.getBackend()).toBe("wasm");
  expect(await tf.env().getAsync("WASM_HAS_MULTITHREAD_SUPPORT")).toBe(false);
  expect(nativeHeap(tf.backend())?.backend.wasm.asm.memory?.buffer).toBeInstanceOf(ArrayBuffer);
  expect(tf.tensor1d([1, 2, 3]).sum().dataSync()).toEqual(new Float32Array([6]));
});
