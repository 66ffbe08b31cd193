import {composedGrads} from "../gradients/composed.ts";
import {defineKernel, type Specs, type Values} from "../kernel.ts";
import {isRecording} from "../tape.ts";
import * as tf from "../tfjs.ts";
import {flatMain, flatWorkgroups} from "./flat.ts";

const NAME = "PetriGeluTanh";
const ROOT = Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715;

const sizeOf = ({x}: Specs) => x?.shape.reduce((size, dim) => size * dim, 1) ?? 0;
const likeX = ({x}: Specs) => [{shape: x?.shape ?? [], dtype: "float32"}] as const;

const inner = (x: number) => ROOT * (x + CUBIC * x * x * x);

/** WGSL: u, and its hyperbolic tangent, which overflows in some drivers where it is 1. */
const wgslTanh = `fn tanh_at(x: f32) -> f32 {
  let u = ${ROOT} * (x + ${CUBIC} * x * x * x);
  return tanh(clamp(u, -15.0, 15.0));
}
`;

const geluKernel = defineKernel<object>({
  name: NAME,
  inputs: ["x"],
  outputs: (specs) => [...likeX(specs)],
  twin({x}, [y]) {
    const [from, to] = [x, y] as [Values, Values];
    for (let i = 0; i < to.length; ++i) {
      const at = from[i] as number;
      to[i] = 0.5 * at * (1 + Math.tanh(inner(at)));
    }
  },
  gpu: (specs) => ({
    variant: "",
    code: () => wgslTanh + flatMain("args.size", "  out0[i] = 0.5 * x[i] * (1.0 + tanh_at(x[i]));"),
    uniforms: {size: {type: "u32", value: sizeOf(specs)}},
    workgroups: flatWorkgroups(sizeOf(specs))
  })
});

/** Inputs dy and x; output dy (1 + t + x (1 - t^2) u') / 2 with t = tanh(u) and u' = sqrt(2 / pi) (1 + 3 x 0.044715 x^2). */
const geluGradKernel = defineKernel<object>({
  name: `${NAME}Grad`,
  inputs: ["dy", "x"],
  outputs: (specs) => [...likeX(specs)],
  twin({dy, x}, [dx]) {
    const [upstream, from, to] = [dy, x, dx] as [Values, Values, Values];
    for (let i = 0; i < to.length; ++i) {
      const at = from[i] as number;
      const t = Math.tanh(inner(at));
      const bend = at * (1 - t * t) * ROOT * (1 + 3 * CUBIC * at * at);
      to[i] = (upstream[i] as number) * 0.5 * (1 + t + bend);
    }
  },
  gpu: (specs) => ({
    variant: "",
    code: () =>
      wgslTanh +
      flatMain(
        "args.size",
        `  let t = tanh_at(x[i]);
  let bend = x[i] * (1.0 - t * t) * ${ROOT} * (1.0 + ${3 * CUBIC} * x[i] * x[i]);
  out0[i] = dy[i] * 0.5 * (1.0 + t + bend);`
      ),
    uniforms: {size: {type: "u32", value: sizeOf(specs)}},
    workgroups: flatWorkgroups(sizeOf(specs))
  })
});

/** x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) (Hendrycks & Gimpel 2016), the usual approximation of x Phi(x), as one operation. */
export function geluTanh(x: tf.Tensor): tf.Tensor {
  return geluKernel({x}, {})[0] as tf.Tensor;
}

/** The same in ordinary operations, for a gradient of the gradient. */
function composed(x: tf.Tensor): tf.Tensor {
  const u = tf.mul(tf.add(x, tf.mul(tf.mul(tf.mul(x, x), x), CUBIC)), ROOT);
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(u), 1));
}

tf.registerGradient({
  kernelName: NAME,
  inputsToSave: ["x"],
  gradFunc(dys, saved) {
    const [x] = saved as [tf.Tensor];
    const dy = dys as tf.Tensor;
    if (isRecording()) return composedGrads((inputs) => composed(inputs.x as tf.Tensor), {x}, dy);
    return {x: () => geluGradKernel({dy, x}, {})[0] as tf.Tensor};
  }
});
