// Layers of splines as products of matrices: all bases of all numbers, times the coefficients.
import {composedGrads} from "../gradients/composed.ts";
import {defineKernel, type Specs, type Values} from "../kernel.ts";
import {isRecording} from "../tape.ts";
import * as tf from "../tfjs.ts";
import {batchProduct} from "./batch-product.ts";
import {composedFeatures} from "./spline-composed.ts";
import {splineFeaturesGradShader, splineFeaturesShader} from "./spline-features-shader.ts";
import type {SplineAttrs} from "./spline-grid.ts";
import {type SplineSizes, splineFeatures, splineFeaturesGrad} from "./spline-twin.ts";

function sizesOf({x}: Specs): SplineSizes {
  const [rows = 0, inputs = 0] = x?.shape ?? [];
  return {rows, inputs, outputs: 0};
}

/** tfjs's gradients know no optional inputs: a kernel with knots, and one without. */
const makeFeatures = [[], ["knots"]].map((optional) => {
  const kernelName = `PetriSplineFeatures${optional.length > 0 ? "Knots" : ""}`;
  const names = ["x", ...optional];
  tf.registerGradient({
    kernelName,
    inputsToSave: names,
    gradFunc(upstream, saved, attrs) {
      const inputs = Object.fromEntries(names.map((name, i) => [name, saved[i] as tf.Tensor]));
      return gradsOf([upstream].flat() as tf.Tensor[], inputs as Inputs, attrs as unknown as SplineAttrs);
    }
  });
  return defineKernel<SplineAttrs>({
    name: kernelName,
    inputs: names,
    outputs(specs, {order, intervals, base}) {
      const {rows, inputs} = sizesOf(specs);
      const features = {shape: [rows, inputs * (intervals + order)], dtype: "float32"} as const;
      return base === "zero" ? [features] : [features, {shape: [rows, inputs], dtype: "float32"}];
    },
    twin: (inputs, outputs, attrs, specs) => splineFeatures(inputs, outputs, sizesOf(specs), attrs),
    gpu: (specs, attrs) => splineFeaturesShader(specs, sizesOf(specs), attrs)
  });
});

const inputGrad = defineKernel<SplineAttrs>({
  name: "PetriSplineFeaturesGrad",
  inputs: ["dFeatures", "dResiduals", "x", "knots"],
  outputs: ({x}) => [{shape: [...(x?.shape ?? [])], dtype: "float32"}],
  twin: (inputs, [dx], attrs, specs) => splineFeaturesGrad(inputs, dx as Values, sizesOf(specs), attrs),
  gpu: (specs, attrs) => splineFeaturesGradShader(specs, sizesOf(specs), attrs)
});

type Inputs = {x: tf.Tensor; knots?: tf.Tensor};

function gradsOf([dFeatures, dResiduals]: tf.Tensor[], inputs: Inputs, attrs: SplineAttrs) {
  const upstream = {dFeatures: dFeatures as tf.Tensor, ...(dResiduals && {dResiduals})};
  if (isRecording()) {
    const compose = (at: Inputs & Record<string, tf.Tensor>) => tf.concat(composedFeatures(at, attrs), 1);
    return composedGrads(compose, inputs as never, tf.concat(Object.values(upstream), 1));
  }
  return {
    x: () => inputGrad({...upstream, ...inputs}, attrs)[0] as tf.Tensor,
    ...(inputs.knots && {knots: () => tf.zerosLike(inputs.knots as tf.Tensor)})
  };
}

/** The layer by one dispatch and two products; see `splineDense`. Each product and the dispatch have gradients of their own. */
export function splineByFeatures(
  {
    x,
    coefficients,
    baseWeights,
    knots
  }: Record<"x" | "coefficients", tf.Tensor> & Partial<Record<"baseWeights" | "knots", tf.Tensor>>,
  attrs: SplineAttrs
): tf.Tensor {
  return tf.tidy(() => {
    const run = makeFeatures[knots ? 1 : 0] as (typeof makeFeatures)[number];
    const [features, residuals] = run({x, ...(knots && {knots})}, attrs);
    const [inputs = 0, bases = 0, outputs = 0] = coefficients.shape;
    const y = batchProduct(features as tf.Tensor, tf.reshape(coefficients, [inputs * bases, outputs]));
    return baseWeights ? tf.add(y, batchProduct(residuals as tf.Tensor, baseWeights)) : y;
  });
}
