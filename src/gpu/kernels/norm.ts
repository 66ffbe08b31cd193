import {composedGrads} from "../gradients/composed.ts";
import {defineKernel, type Specs, type Values} from "../kernel.ts";
import {isRecording} from "../tape.ts";
import * as tf from "../tfjs.ts";
import {type NormLayout, normForward, normInputGrad, normParamsGrad} from "./norm-wgsl.ts";

export interface NormAttrs {
  /** Added to the variance. */
  epsilon: number;
  /** The mean is taken away first; without, this is the normalisation by the root mean square. */
  centred: boolean;
}

/** A factor and an offset for each feature, [features]. */
export interface NormParams {
  scale?: tf.Tensor;
  bias?: tf.Tensor;
}

function layoutOf(specs: Specs, attrs: NormAttrs): NormLayout {
  const shape = specs.x?.shape ?? [];
  const features = shape.at(-1) ?? 0;
  const rows = shape.slice(0, -1).reduce((product, dim) => product * dim, 1);
  return {...attrs, rows, features, hasScale: specs.scale !== undefined, hasBias: specs.bias !== undefined};
}

/** Defines the normalisation for one set of parameters: tfjs's gradients know no optional inputs. */
const defineNorm = (name: string, params: readonly (keyof NormParams)[]) =>
  defineKernel<NormAttrs>({
    name,
    inputs: ["x", ...params],
    outputs: (specs, attrs) => [
      {shape: specs.x?.shape ?? [], dtype: "float32"},
      {shape: [layoutOf(specs, attrs).rows, 2], dtype: "float32"}
    ],
    twin({x, scale, bias}, [out, moments], attrs, specs) {
      const [from, y, saved] = [x, out, moments] as [Values, Values, Values];
      const {rows, features, centred, epsilon} = layoutOf(specs, attrs);
      for (let r = 0; r < rows; ++r) {
        const [start, end] = [r * features, (r + 1) * features];
        let mean = 0;
        if (centred) {
          for (let i = start; i < end; ++i) mean += from[i] as number;
          mean /= features;
        }
        let squares = 0;
        for (let i = start; i < end; ++i) squares += ((from[i] as number) - mean) ** 2;
        const inverse = 1 / Math.sqrt(squares / features + epsilon);
        for (let f = 0; f < features; ++f) {
          const normal = ((from[start + f] as number) - mean) * inverse;
          y[start + f] = normal * ((scale?.[f] as number) ?? 1) + ((bias?.[f] as number) ?? 0);
        }
        saved[2 * r] = mean;
        saved[2 * r + 1] = inverse;
      }
    },
    gpu: (specs, attrs) => normForward(layoutOf(specs, attrs))
  });

const norms = {
  plain: defineNorm("PetriNorm", []),
  scaled: defineNorm("PetriNormScaled", ["scale"]),
  affine: defineNorm("PetriNormAffine", ["scale", "bias"])
};

/** The gradient of x, of x's shape. Inputs dy, x, moments [rows, 2] (mean, one over the deviation) and scale, where there is one. */
const normInputGradKernel = defineKernel<NormAttrs>({
  name: "PetriNormInputGrad",
  inputs: ["dy", "x", "moments", "scale"],
  outputs: (specs) => [{shape: specs.x?.shape ?? [], dtype: "float32"}],
  twin({dy, x, moments, scale}, [out], attrs, specs) {
    const [upstream, from, saved, dx] = [dy, x, moments, out] as [Values, Values, Values, Values];
    const {rows, features, centred} = layoutOf(specs, attrs);
    for (let r = 0; r < rows; ++r) {
      const start = r * features;
      const [mean, inverse] = [saved[2 * r] as number, saved[2 * r + 1] as number];
      let [sum, along] = [0, 0];
      for (let f = 0; f < features; ++f) {
        const g = (upstream[start + f] as number) * ((scale?.[f] as number) ?? 1);
        sum += g;
        along += g * ((from[start + f] as number) - mean) * inverse;
      }
      const shift = centred ? sum / features : 0;
      along /= features;
      for (let f = 0; f < features; ++f) {
        const g = (upstream[start + f] as number) * ((scale?.[f] as number) ?? 1);
        const normal = ((from[start + f] as number) - mean) * inverse;
        dx[start + f] = inverse * (g - shift - normal * along);
      }
    }
  },
  gpu: (specs, attrs) => normInputGrad(layoutOf(specs, attrs))
});

/** The gradients of scale and bias, [features] each. Inputs dy, x, and moments [rows, 2]. */
const normParamsGradKernel = defineKernel<NormAttrs>({
  name: "PetriNormParamsGrad",
  inputs: ["dy", "x", "moments"],
  outputs: (specs) => {
    const features = specs.x?.shape.at(-1) ?? 0;
    return [
      {shape: [features], dtype: "float32"},
      {shape: [features], dtype: "float32"}
    ];
  },
  twin({dy, x, moments}, outputs, attrs, specs) {
    const [upstream, from, saved] = [dy, x, moments] as [Values, Values, Values];
    const [scale, bias] = outputs as [Values, Values];
    const {rows, features} = layoutOf(specs, attrs);
    scale.fill(0);
    bias.fill(0);
    for (let r = 0; r < rows; ++r) {
      const [mean, inverse] = [saved[2 * r] as number, saved[2 * r + 1] as number];
      for (let f = 0, i = r * features; f < features; ++f, ++i) {
        const g = upstream[i] as number;
        scale[f] = (scale[f] as number) + g * ((from[i] as number) - mean) * inverse;
        bias[f] = (bias[f] as number) + g;
      }
    }
  },
  gpu: (specs, attrs) => normParamsGrad(layoutOf(specs, attrs))
});

/**
 * (x - mean) / sqrt(variance + epsilon) scale + bias over the last axis (Ba, Kiros & Hinton 2016), or without `centred`
 * x / sqrt(mean of x^2 + epsilon) (Zhang & Sennrich 2019): one pass forward, one for the gradient of x, one for those of the
 * parameters.
 */
export function normalised(x: tf.Tensor, {scale, bias}: NormParams, attrs: NormAttrs): tf.Tensor {
  const [kind, inputs] = !scale
    ? (["plain", {x}] as const)
    : bias
      ? (["affine", {x, scale, bias}] as const)
      : (["scaled", {x, scale}] as const);
  const [y, moments] = norms[kind](inputs as Record<string, tf.Tensor>, attrs) as [tf.Tensor, tf.Tensor];
  // The tape has its own hold on what the gradient needs.
  moments.dispose();
  return !scale && bias ? tf.add(y, bias) : y;
}

/** The same in ordinary operations. */
function composed({x, scale, bias}: Record<string, tf.Tensor>, {epsilon, centred}: NormAttrs): tf.Tensor {
  const own = x as tf.Tensor;
  const shifted = centred ? tf.sub(own, tf.mean(own, -1, true)) : own;
  const variance = tf.mean(tf.square(shifted), -1, true);
  const y = tf.mul(shifted, tf.rsqrt(tf.add(variance, epsilon)));
  const scaled = scale ? tf.mul(y, scale) : y;
  return bias ? tf.add(scaled, bias) : scaled;
}

for (const [kernelName, params] of [
  ["PetriNorm", []],
  ["PetriNormScaled", ["scale"]],
  ["PetriNormAffine", ["scale", "bias"]]
] as const) {
  tf.registerGradient({
    kernelName,
    // An offset is not needed, but tells where there is one.
    inputsToSave: ["x", ...params],
    outputsToSave: [false, true],
    gradFunc(dys, saved, attrs) {
      const dy = (dys as tf.Tensor[])[0] as tf.Tensor;
      const norm = attrs as unknown as NormAttrs;
      const inputs = Object.fromEntries(["x", ...params].map((name, i) => [name, saved[i] as tf.Tensor]));
      if (isRecording()) return composedGrads((at) => composed(at, norm), inputs, dy);
      const {x, scale} = inputs as {x: tf.Tensor; scale?: tf.Tensor};
      const known = {dy, x, moments: saved.at(-1) as tf.Tensor};
      const dx = () => normInputGradKernel(scale ? {...known, scale} : known, norm)[0] as tf.Tensor;
      if (!scale) return {x: dx};
      // Made here, not in the closures: tfjs frees what one closure makes before it calls the next.
      const [dScale, dBias] = normParamsGradKernel(known, norm) as [tf.Tensor, tf.Tensor];
      return {x: dx, scale: () => dScale, bias: () => dBias};
    }
  });
}
