import {registerGradient} from "../gradients/register.ts";
import {defineKernel} from "../kernel.ts";
import {checkTensor, KernelError} from "../kernel-error.ts";
import {isRecording, outlive} from "../tape.ts";
import * as tf from "../tfjs.ts";
import {activationGrad, type FusedActivation} from "./activation-grad.ts";
import {sumChosenRows} from "./combine-rows.ts";
import {GROUPED_EXTRAS, type GroupedExtra, groupedName, KERNEL_GRADS, ROWS} from "./grouped-names.ts";
import {groupedKernel, groupedKernelGrads} from "./grouped-product.ts";
import type {GroupedAttrs} from "./grouped-twin.ts";
import {sumChosenTableRows, sumTableRows, takeChosenRows} from "./rows.ts";

/** Rows in the order of their groups, and a matrix for each group. */
export interface GroupedProduct {
  /** [n, in]. */
  x: tf.Tensor;
  /** [E, in, out]. */
  kernels: tf.Tensor;
  /** [E, out]. */
  bias?: tf.Tensor | undefined;
  /** int32 [E + 1]: where the rows of each group begin. */
  offsets: tf.Tensor;
  /** int32 [m]: the row of x for every sorted row; a negative one is none and gives zeros. Without it row i is x's own, and m is n. */
  rows?: tf.Tensor | undefined;
  /** int32 [n, k]: the sorted rows of every row of x, -1 for none: the gradient of x is then summed without looking for them. */
  places?: tf.Tensor | undefined;
  activation?: FusedActivation | undefined;
}

/** Rows are `a`, matrices `b`. */
type Saved = Record<"a" | "b" | "offsets", tf.Tensor> &
  Partial<Record<"bias" | "rows" | "places" | "y", tf.Tensor>>;

const LINEAR: GroupedAttrs = {activation: "linear", slope: "linear", isTurned: false};

/** For the way back through an activation and for gradients of x; its own gradient is below. */
const product = defineKernel<GroupedAttrs>({...groupedKernel, name: ROWS});

type Run = (inputs: Record<string, tf.Tensor>, attrs: GroupedAttrs) => tf.Tensor[];

const runs = new Map<string, Run>();

for (const extras of GROUPED_EXTRAS) {
  const name = groupedName(extras);
  const save = ["a", "b", "offsets", ...extras];
  runs.set(name, defineKernel<GroupedAttrs>({...groupedKernel, name}));
  registerGradient<GroupedAttrs>({
    kernelName: name,
    save,
    saveOutputs: [true],
    grads: ([dy], saved, {activation}) => {
      const entries = [...save, "y"].map((each, i) => [each, saved[i]]);
      return gradsOf(dy as tf.Tensor, Object.fromEntries(entries) as Saved, activation);
    }
  });
}

/**
 * activation(row W + bias) for rows in the order of their groups, each with its group's own matrix and bias, [m, out], in one dispatch on webgpu and two or three
 * back, whatever the number of groups. With `rows` the rows of x are read where they lie. Rows of no group, behind the last offset, give zeros, and so do gradients
 * of groups without rows. Every sum has one order: the same bits every time. The offsets must not fall; nothing of them is read back, so that nobody
 * checks it. Throws KernelError where the shapes do not fit.
 */
export function groupedMatmul(given: GroupedProduct): tf.Tensor {
  const {x, kernels, bias, offsets, rows, places, activation = "linear"} = given;
  check(given);
  const extras = {...(bias && {bias}), ...(rows && {rows}), ...(rows && places && {places})};
  const run = runs.get(groupedName(Object.keys(extras) as GroupedExtra[])) as Run;
  return run({a: x, b: kernels, offsets, ...extras}, {...LINEAR, activation})[0] as tf.Tensor;
}

function check({x, kernels, bias, offsets, rows, places}: GroupedProduct): void {
  checkTensor("x", x, 2);
  checkTensor("The kernels", kernels, 3);
  checkTensor("The offsets", offsets, 1, ["int32"]);
  const [groups = 0, inputs, units = 0] = kernels.shape;
  if (x.shape[1] !== inputs)
    throw new KernelError(
      `x must be [rows, ${inputs}] for kernels [${kernels.shape.join(", ")}], got [${x.shape.join(", ")}].`
    );
  if (offsets.size !== groups + 1)
    throw new KernelError(`There must be ${groups + 1} offsets for ${groups} kernels, got ${offsets.size}.`);
  if (bias && String(bias.shape) !== String([groups, units]))
    throw new KernelError(
      `The bias must be [${groups}, ${units}], one a kernel, got [${bias.shape.join(", ")}].`
    );
  if (rows) checkTensor("The rows", rows, 1, ["int32"]);
  if (!places) return;
  checkTensor("The places", places, 2, ["int32"]);
  if (places.shape[0] !== x.shape[0])
    throw new KernelError(
      `The places must be those of the ${x.shape[0]} rows of x, got [${places.shape.join(", ")}].`
    );
}

function gradsOf(dy: tf.Tensor, saved: Saved, activation: FusedActivation) {
  return isRecording() ? differentiable(dy, saved, activation) : fused(dy, saved, activation);
}

function fused(upstream: tf.Tensor, saved: Saved, layerActivation: FusedActivation) {
  const {a, b, offsets, bias, rows, places, y} = saved;
  const {dy, activation, values} = throughActivation(upstream, y as tf.Tensor, layerActivation);
  // Made with the first of the two that is asked for.
  let weights: tf.Tensor[] | undefined;
  const weightGrad = (which: 0 | 1) => () => {
    if (!weights) {
      const inputs = {a, b: dy, offsets, ...(rows && {rows}), ...values};
      // Places are those of choices, each of which has a row.
      const hasGaps = rows !== undefined && !places;
      weights = groupedKernelGrads(inputs, {activation, hasBias: bias !== undefined, hasGaps});
      const other = weights[1 - which];
      if (other) outlive(other);
    }
    return weights[which] as tf.Tensor;
  };
  return {
    a: () => {
      const [dRows] = product({a: dy, b, offsets, ...values}, {...LINEAR, slope: activation, isTurned: true});
      return summed(dRows as tf.Tensor, a, rows, places);
    },
    b: weightGrad(0),
    bias: weightGrad(1)
  };
}

type Values = Record<string, tf.Tensor>;

/** Slopes are applied where gradients are read; our WebAssembly takes gradients that have been through the activation. */
function throughActivation(dy: tf.Tensor, y: tf.Tensor, activation: FusedActivation) {
  if (activation === "linear") return {dy, activation, values: {} as Values};
  if (tf.getBackend() !== "wasm") return {dy, activation, values: {y} as Values};
  const [, sums] = activationGrad({dy, y}, {activation});
  return {dy: sums as tf.Tensor, activation: "linear" as const, values: {} as Values};
}

/** Gradients of sorted rows as those of the rows of x. */
function summed(
  dRows: tf.Tensor,
  x: tf.Tensor,
  rows: tf.Tensor | undefined,
  places: tf.Tensor | undefined
): tf.Tensor {
  if (places) return sumChosenRows(dRows, places);
  return rows ? sumTableRows(dRows, rows, x.shape[0] as number) : dRows;
}

/** In operations that have gradients: products of rows that were gathered before. */
function differentiable(dy: tf.Tensor, saved: Saved, activation: FusedActivation) {
  const {a: x, b: kernels, offsets, bias, rows} = saved;
  const own = rows ? takeChosenRows(x, rows) : x;
  // What a bias is multiplied with: nothing where there is no row.
  const ones = () => {
    const all = tf.ones([x.shape[0] as number, 1]);
    return rows ? takeChosenRows(all, rows) : all;
  };
  const z = () => {
    const sums = linear(own, kernels, offsets);
    return bias ? tf.add(sums, linear(ones(), tf.expandDims(bias, 1), offsets)) : sums;
  };
  const dz = activation === "linear" ? dy : tf.grad((at: tf.Tensor) => at[activation]())(z(), dy);
  return {
    a: () => {
      const dRows = turned(dz, kernels, offsets);
      return rows ? sumChosenTableRows(dRows, rows, x.shape[0] as number) : dRows;
    },
    b: () => outer(own, dz, offsets),
    bias: () => tf.squeeze(outer(ones(), dz, offsets), [1])
  };
}

const linear = (x: tf.Tensor, kernels: tf.Tensor, offsets: tf.Tensor) => groupedMatmul({x, kernels, offsets});
const turned = (x: tf.Tensor, kernels: tf.Tensor, offsets: tf.Tensor) =>
  product({a: x, b: kernels, offsets}, {...LINEAR, isTurned: true})[0] as tf.Tensor;
const outer = (x: tf.Tensor, dy: tf.Tensor, offsets: tf.Tensor) =>
  groupedKernelGrads(
    {a: x, b: dy, offsets},
    {activation: "linear", hasBias: false, hasGaps: false}
  )[0] as tf.Tensor;

type Three = [tf.Tensor, tf.Tensor, tf.Tensor];

registerGradient({
  kernelName: ROWS,
  save: ["a", "b", "offsets"],
  grads([upstream], saved) {
    const [dy, [x, kernels, offsets]] = [upstream as tf.Tensor, saved as Three];
    return {a: () => linear(dy, kernels, offsets), b: () => outer(dy, x, offsets)};
  }
});

registerGradient({
  kernelName: KERNEL_GRADS,
  save: ["a", "b", "offsets"],
  grads([upstream], saved) {
    const [kernels, [x, dy, offsets]] = [upstream as tf.Tensor, saved as Three];
    return {a: () => turned(dy, kernels, offsets), b: () => linear(x, kernels, offsets)};
  }
});
