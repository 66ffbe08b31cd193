import {composedGrads} from "../gradients/composed.ts";
import {defineKernel, type Specs, type Values} from "../kernel.ts";
import {checkTensor, checkWhole, KernelError} from "../kernel-error.ts";
import {isRecording, outlive} from "../tape.ts";
import * as tf from "../tfjs.ts";
import {webGpuBackend} from "../tfjs-webgpu.ts";
import {isSoftware} from "./autotune.ts";
import {type SplineWay, splineWayOn} from "./spline-choice.ts";
import {composedSpline} from "./spline-composed.ts";
import {splineByFeatures} from "./spline-features.ts";
import {splineForwardShader, splineInputGradShader} from "./spline-gather.ts";
import {MOST_ORDER, type SplineAttrs, type SplineBase} from "./spline-grid.ts";
import {type SplineSizes, splineForward, splineInputGrad, splineWeightGrads} from "./spline-twin.ts";
import {splineWeightGradsShader} from "./spline-weight-grads.ts";

function sizesOf(specs: Specs): SplineSizes {
  const [rows = 0, inputs = 0] = specs.x?.shape ?? [];
  const outputs = specs.coefficients?.shape[2] ?? specs.dy?.shape[1] ?? 0;
  return {rows, inputs, outputs};
}

/** Whether WebGPU computes on the CPU: the same for all of a session, so that bits do not change. */
function isOnProcessor(): boolean {
  const device = webGpuBackend()?.device;
  return device !== undefined && isSoftware(device);
}

/** tfjs's gradients know no optional inputs: a kernel for each set of them. */
const SETS = [
  {name: "", optional: []},
  {name: "Based", optional: ["baseWeights"]},
  {name: "Knots", optional: ["knots"]},
  {name: "BasedKnots", optional: ["baseWeights", "knots"]}
] as const;

type Inputs = Record<"x" | "coefficients", tf.Tensor> & Partial<Record<"baseWeights" | "knots", tf.Tensor>>;

const forwards = SETS.map(({name, optional}) =>
  defineKernel<SplineAttrs>({
    name: `PetriSplineDense${name}`,
    inputs: ["x", "coefficients", ...optional],
    outputs(specs) {
      const {rows, outputs} = sizesOf(specs);
      return [{shape: [rows, outputs], dtype: "float32"}];
    },
    twin: (inputs, [y], attrs, specs) => splineForward(inputs, y as Values, sizesOf(specs), attrs),
    gpu: (specs, attrs) => splineForwardShader(specs, sizesOf(specs), attrs, isOnProcessor())
  })
);

/** The gradient of x, [rows, inputs]. */
const inputGrad = defineKernel<SplineAttrs>({
  name: "PetriSplineDenseInputGrad",
  inputs: ["dy", "x", "coefficients", "baseWeights", "knots"],
  outputs(specs) {
    const {rows, inputs} = sizesOf(specs);
    return [{shape: [rows, inputs], dtype: "float32"}];
  },
  twin: (inputs, [dx], attrs, specs) => splineInputGrad(inputs, dx as Values, sizesOf(specs), attrs),
  gpu: (specs, attrs) => splineInputGradShader(specs, sizesOf(specs), attrs)
});

interface WeightGradsAttrs extends SplineAttrs {
  hasBase: boolean;
}

/** The gradients of the coefficients, and, with `hasBase`, of the base's weights. */
const weightGrads = defineKernel<WeightGradsAttrs>({
  name: "PetriSplineDenseWeightGrads",
  inputs: ["dy", "x", "knots"],
  outputs(specs, {intervals, order, hasBase}) {
    const {inputs, outputs} = sizesOf(specs);
    const coefficients = {shape: [inputs, intervals + order, outputs], dtype: "float32"} as const;
    return hasBase ? [coefficients, {shape: [inputs, outputs], dtype: "float32"}] : [coefficients];
  },
  twin: (inputs, grads, attrs, specs) => splineWeightGrads(inputs, grads, sizesOf(specs), attrs),
  gpu: (specs, attrs) =>
    splineWeightGradsShader(specs, sizesOf(specs), attrs, {
      hasBase: attrs.hasBase,
      isSoftware: isOnProcessor()
    })
});

for (const {name, optional} of SETS) {
  const names = ["x", "coefficients", ...optional];
  tf.registerGradient({
    kernelName: `PetriSplineDense${name}`,
    inputsToSave: names,
    gradFunc(upstream, saved, attrs) {
      const dy = (Array.isArray(upstream) ? upstream[0] : upstream) as tf.Tensor;
      const spline = attrs as unknown as SplineAttrs;
      const inputs = Object.fromEntries(names.map((each, i) => [each, saved[i] as tf.Tensor])) as Inputs;
      const grads = isRecording()
        ? composedGrads(
            (at: Inputs & Record<string, tf.Tensor>) => composedSpline(at, spline),
            inputs as never,
            dy
          )
        : fusedGrads(dy, inputs, spline);
      return grads as Record<string, () => tf.Tensor>;
    }
  });
}

/** Two dispatches on webgpu: the gradient of x, and those of the parameters. Grids are not trained. */
function fusedGrads(dy: tf.Tensor, {x, coefficients, baseWeights, knots}: Inputs, attrs: SplineAttrs) {
  const grid: Record<string, tf.Tensor> = knots ? {knots} : {};
  const base: Record<string, tf.Tensor> = baseWeights ? {baseWeights} : {};
  let both: tf.Tensor[] | undefined;
  // Made with the first of the two that is asked for: parameters that stay as they are have no gradients.
  const weightGrad = (which: 0 | 1) => () => {
    if (both) return both[which] as tf.Tensor;
    both = weightGrads({dy, x, ...grid}, {...attrs, hasBase: baseWeights !== undefined});
    if (both.length > 1) outlive(both[1 - which] as tf.Tensor);
    return both[which] as tf.Tensor;
  };
  return {
    x: () => inputGrad({dy, x, coefficients, ...base, ...grid}, attrs)[0] as tf.Tensor,
    coefficients: weightGrad(0),
    ...(baseWeights && {baseWeights: weightGrad(1)}),
    ...(knots && {knots: () => tf.zerosLike(knots)})
  };
}

/** A uniform grid, the same for all inputs: `intervals` from `low` to `high`, and `order` knots more at each end. */
export interface UniformGrid {
  low: number;
  high: number;
  intervals: number;
}

/** A layer of splines, one for each pair of an input and an output. */
export interface SplineLayer {
  /** [rows, inputs]. */
  x: tf.Tensor;
  /** [inputs, intervals + order, outputs]. */
  coefficients: tf.Tensor;
  /** [inputs, outputs]: factors of the function beside each spline; none are without it. */
  baseWeights?: tf.Tensor | undefined;
  /** The function beside each spline; silu if nothing is said. */
  base?: SplineBase;
  /** Degree of the splines, 1 to 10. */
  order: number;
  /** A uniform grid, or the knots of each input, ascending, [inputs, intervals + 2 order + 1]. */
  grid: UniformGrid | tf.Tensor;
}

/**
 * y_o = sum over inputs i of base(x_i) baseWeights_io + sum_b coefficients_ibo B_b(x_i), [rows, outputs]: a layer of a Kolmogorov-Arnold network (Liu et
 * al. 2024) as one operation, with B-splines by the recursion of Cox and de Boor. The interval of a number is found by arithmetic, or among knots by binary search, only the order + 1
 * bases that are not zero there are computed, and they go from registers into the sums, so that memory does not grow with the grid. Intervals
 * hold their lower knot; outside of the outermost knots a spline is 0; between equal knots 0/0 counts as 0. What is no number gives none. One dispatch
 * forward and two back (x; the parameters) on GPUs, every sum in one order; gradients of gradients go through ordinary operations. WebGPU on a
 * processor writes all bases of small grids to memory and multiplies matrices instead: see spline-choice.ts.
 * Throws KernelError where the shapes do not fit, or for an order that is not 1 to 10.
 */
export function splineDense(layer: SplineLayer): tf.Tensor {
  return splineDenseBy(undefined, layer);
}

/** `splineDense` in a given way, or else in that of the device. */
export function splineDenseBy(
  way: SplineWay | undefined,
  {x, coefficients, baseWeights, base = "silu", order, grid}: SplineLayer
): tf.Tensor {
  const knots = "shape" in grid ? grid : undefined;
  const attrs = attrsOf(coefficients, order, grid);
  checkLayer(x, coefficients, knots, attrs);
  const hasBase = baseWeights !== undefined && base !== "zero";
  if (hasBase) checkShape("baseWeights", baseWeights, [x.shape[1] ?? 0, coefficients.shape[2] ?? 0]);
  const inputs = {x, coefficients, ...(hasBase && {baseWeights}), ...(knots && {knots})};
  const device = webGpuBackend()?.device;
  const run = {fused, features: splineByFeatures}[
    way ?? splineWayOn(device, sizesOf(inputs as unknown as Specs), attrs)
  ];
  return run(inputs, {...attrs, base: hasBase ? base : "zero"});
}

function fused(inputs: Inputs, attrs: SplineAttrs): tf.Tensor {
  const run = forwards[(inputs.baseWeights ? 1 : 0) + (inputs.knots ? 2 : 0)] as (typeof forwards)[number];
  return run(inputs, attrs)[0] as tf.Tensor;
}

function attrsOf(
  coefficients: tf.Tensor,
  order: number,
  grid: UniformGrid | tf.Tensor
): Omit<SplineAttrs, "base"> {
  checkWhole("The order of splines", order, 1, MOST_ORDER);
  checkTensor("The coefficients", coefficients, 3);
  if ("shape" in grid) return {order, intervals: (coefficients.shape[1] ?? 0) - order, low: 0, high: 1};
  const {low, high, intervals} = grid;
  checkWhole("The intervals of a grid", intervals, 1);
  if (!(Number.isFinite(low) && Number.isFinite(high) && low < high))
    throw new KernelError(`A grid must go from a lower to a higher number, got ${low} to ${high}.`);
  return {order, intervals, low, high};
}

function checkLayer(
  x: tf.Tensor,
  coefficients: tf.Tensor,
  knots: tf.Tensor | undefined,
  {order, intervals}: Omit<SplineAttrs, "base">
): void {
  checkTensor("x", x, 2);
  const inputs = x.shape[1] ?? 0;
  if (intervals < 1)
    throw new KernelError(
      `Splines of order ${order} need at least ${order + 1} coefficients, got [${coefficients.shape.join(", ")}].`
    );
  checkShape("The coefficients", coefficients, [inputs, intervals + order, coefficients.shape[2] ?? 0]);
  if (knots) checkShape("The knots", knots, [inputs, intervals + 2 * order + 1]);
}

function checkShape(name: string, tensor: tf.Tensor, shape: readonly number[]): void {
  if (tensor.dtype === "float32" && tensor.shape.join() === shape.join()) return;
  throw new KernelError(
    `${name} must be float32 [${shape.join(", ")}] for this layer, got ${tensor.dtype} [${tensor.shape.join(", ")}].`
  );
}
