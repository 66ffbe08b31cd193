import * as tf from "./tfjs.ts";
import type {WebGpuBackend} from "./tfjs-webgpu.ts";

let isTaught = false;

/**
 * `tf.addN` takes any number of tensors on webgpu too: tfjs (4.22.0) binds them all at once, which the adapter refuses beyond
 * its `maxStorageBuffersPerShaderStage`, 8 to 10 on most. They are summed from left to right, as on the other backends.
 */
export function teachLongSums(): void {
  if (isTaught) return;
  isTaught = true;
  const config = tf.getKernel(tf.AddN, "webgpu");
  if (!config) throw new Error("tfjs's webgpu backend has no kernel AddN.");
  tf.unregisterKernel(tf.AddN, "webgpu");
  tf.registerKernel({
    ...config,
    kernelFunc({inputs, backend, attrs}) {
      const {device, disposeData} = backend as WebGpuBackend & tf.KernelBackend;
      // One is for the sum.
      const most = device.limits.maxStorageBuffersPerShaderStage - 1;
      const terms = inputs as unknown as readonly tf.TensorInfo[];
      const add = (those: readonly tf.TensorInfo[]) =>
        config.kernelFunc({
          inputs: those as unknown as tf.NamedTensorInfoMap,
          backend,
          attrs
        }) as tf.TensorInfo;
      let sum = add(terms.slice(0, most));
      for (let i = most; i < terms.length; i += most - 1) {
        const before = sum;
        sum = add([before, ...terms.slice(i, i + most - 1)]);
        disposeData.call(backend, before.dataId);
      }
      return sum;
    }
  });
}
