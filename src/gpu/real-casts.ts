import {flatMain, flatWorkgroups} from "./kernels/flat.ts";
import * as tf from "./tfjs.ts";
import {dispatch, type GpuKernel} from "./webgpu-dispatch.ts";

const floats = (size: number): GpuKernel => ({
  variant: "",
  code: () => flatMain("args.size", "  out0[i] = f32(x[i]);"),
  uniforms: {size: {type: "u32", value: size}},
  workgroups: flatWorkgroups(size)
});

let isTaught = false;

/**
 * Whole numbers and truth values that are cast to float32 are computed as such on webgpu: tfjs (4.22.0) only calls them so
 * and keeps their bits, which its own kernels know of and nobody else: kernels of ours and plans would read them as floats.
 */
export function teachRealCasts(): void {
  if (isTaught) return;
  isTaught = true;
  const config = tf.getKernel(tf.Cast, "webgpu");
  if (!config) throw new Error("tfjs's webgpu backend has no kernel Cast.");
  tf.unregisterKernel(tf.Cast, "webgpu");
  tf.registerKernel({
    ...config,
    kernelFunc(call) {
      const {x} = call.inputs as {x: tf.TensorInfo};
      const {dtype} = call.attrs as unknown as {dtype: string};
      const isWhole = x.dtype === "int32" || x.dtype === "bool";
      if (!isWhole || dtype !== "float32") return config.kernelFunc(call);
      const size = x.shape.reduce((product, dim) => product * dim, 1);
      const inputs = [{name: "x", info: x}];
      const [y] = dispatch(call.backend, "PetriFloats", inputs, [{shape: x.shape, dtype}], floats(size));
      return y as tf.TensorInfo;
    }
  });
}
