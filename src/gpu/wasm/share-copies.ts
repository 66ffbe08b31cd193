import * as tf from "../tfjs.ts";
import type {WasmBackend} from "./heap.ts";

/**
 * `clone`, and `cast` to the type that it is, on wasm as on the other backends, by counting who holds the numbers: tfjs (4.22.0) copies
 * them, several times a layer, because its tape clones what it saves and its gradients cast.
 */
export function shareCopies(): void {
  shareWhere("Identity", () => true);
  shareWhere("Cast", ({dtype}, attrs) => dtype === attrs.dtype);
}

function shareWhere(name: string, isCopy: (x: tf.TensorInfo, attrs: {dtype?: string}) => boolean): void {
  const config = tf.getKernel(name, "wasm");
  if (!config) throw new Error(`tfjs's wasm backend has no kernel ${name}.`);
  tf.unregisterKernel(name, "wasm");
  tf.registerKernel({
    ...config,
    kernelFunc(args) {
      const {x} = args.inputs as {x: tf.TensorInfo};
      if (!isCopy(x, args.attrs as {dtype?: string})) return config.kernelFunc(args);
      (args.backend as unknown as WasmBackend).incRef(x.dataId);
      return {dataId: x.dataId, shape: x.shape, dtype: x.dtype};
    }
  });
}
