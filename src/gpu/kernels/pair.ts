import {defineKernel, type Values} from "../kernel.ts";
import type * as tf from "../tfjs.ts";

const run = defineKernel<object>({
  name: "PetriPair",
  inputs: ["a", "b"],
  outputs: () => [{shape: [2], dtype: "float32"}],
  twin({a, b}, [out]) {
    const [x, y, to] = [a, b, out] as [Values, Values, Values];
    to.set([x[0] as number, y[0] as number]);
  },
  gpu: () => ({
    variant: "",
    code: () => `@compute @workgroup_size(1)
fn main() {
  if (args.size < 2u) { return; }
  out0[0] = a[0];
  out0[1] = b[0];
}`,
    uniforms: {size: {type: "u32", value: 2}},
    workgroups: [1, 1, 1]
  })
});

/** Two float32 scalars as one tensor [2], to be read at once. As a kernel of ours it is one dispatch for all packed runs. No gradient. */
export function pair(a: tf.Scalar, b: tf.Scalar): tf.Tensor1D {
  return run({a, b}, {})[0] as tf.Tensor1D;
}
