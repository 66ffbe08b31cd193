import {registerGradient} from "../gradients/register.ts";
import {defineKernel, type Kernel, type Values} from "../kernel.ts";
import {checkTensor, KernelError} from "../kernel-error.ts";
import {isRecording, outlive} from "../tape.ts";
import * as tf from "../tfjs.ts";
import {flatMain, flatWorkgroups} from "./flat.ts";
import {rowsOf, widthOf} from "./matrix-sizes.ts";
import {sumChosenTableRows, takeChosenRows} from "./rows.ts";

const COMBINE = "PetriCombineRows";
/** With `order` among what is saved for the gradient: tfjs saves no inputs that may be absent. */
const ORDERED = "PetriCombineOrderedRows";
const u32 = (value: number) => ({type: "u32", value}) as const;

/** Inputs y [m, d], weights [n, k] (1 where absent), places int32 [n, k]. */
const combining: Omit<Kernel<object>, "name"> = {
  inputs: ["y", "weights", "places"],
  outputs: ({y, places}) => [{shape: [rowsOf(places), widthOf(y)], dtype: "float32"}],
  twin({y, weights, places}, [out], _attrs, specs) {
    const [from, at, to] = [y, places, out] as [Values, Values, Values];
    const [d, k, m] = [widthOf(specs.y), widthOf(specs.places), rowsOf(specs.y)];
    to.fill(0);
    for (let c = 0; c < at.length; ++c) {
      const place = at[c] as number;
      if (place < 0 || place >= m) continue;
      const weight = weights ? (weights[c] as number) : 1;
      const [start, first] = [Math.floor(c / k) * d, place * d];
      for (let f = 0; f < d; ++f)
        to[start + f] = (to[start + f] as number) + weight * (from[first + f] as number);
    }
  },
  gpu({y, weights, places}) {
    const d = widthOf(y);
    const isQuads = d % 4 === 0;
    const width = isQuads ? d / 4 : d;
    const zero = isQuads ? "vec4f(0.0)" : "0.0";
    const size = rowsOf(places) * width;
    return {
      variant: isQuads ? "quads" : "",
      elements: isQuads ? {y: "vec4f", out0: "vec4f"} : undefined,
      code: () =>
        flatMain(
          "args.size",
          `  let first = i / args.width * args.k;
  let f = i % args.width;
  var sum = ${zero};
  for (var c = first; c < first + args.k; c++) {
    let place = places[c];
    if (place >= 0 && place < i32(args.m)) { sum += ${weights ? "weights[c] * " : ""}y[u32(place) * args.width + f]; }
  }
  out0[i] = sum;`
        ),
      uniforms: {size: u32(size), width: u32(width), k: u32(widthOf(places)), m: u32(rowsOf(y))},
      workgroups: flatWorkgroups(size)
    };
  }
};

const combine = defineKernel({...combining, name: COMBINE});
const combineOrdered = defineKernel({...combining, name: ORDERED});

/** Threads that share a row. */
const LANES = 16;
const THREADS = 64;
const ROWS = THREADS / LANES;
const MOST_WORKGROUPS = 65_535;

/** The gradients of y and, by choice, of the weights; each row is that of one choice, which `order` tells. */
const grad = defineKernel<object>({
  name: "PetriCombineRowsGrad",
  inputs: ["dy", "y", "weights", "places", "order"],
  outputs: ({y, weights}) => [
    {shape: [rowsOf(y), widthOf(y)], dtype: "float32"},
    {shape: weights?.shape ?? [], dtype: "float32"}
  ],
  twin({dy, y, weights, places, order}, [dRows, dWeights], _attrs, specs) {
    const [upstream, from, w, at, choices] = [dy, y, weights, places, order] as Values[] as [
      Values,
      Values,
      Values,
      Values,
      Values
    ];
    const [to, toWeights] = [dRows, dWeights] as [Values, Values];
    const [d, k] = [widthOf(specs.y), widthOf(specs.weights)];
    choices.forEach((c, row) => {
      const isKept = at[c] === row;
      const [start, first] = [Math.floor(c / k) * d, row * d];
      const weight = w[c] as number;
      let sum = 0;
      for (let f = 0; f < d; ++f) {
        const slope = upstream[start + f] as number;
        to[first + f] = isKept ? weight * slope : 0;
        sum += slope * (from[first + f] as number);
      }
      toWeights[c] = isKept ? sum : 0;
    });
  },
  gpu({y, weights}) {
    const [m, d] = [rowsOf(y), widthOf(y)];
    const isQuads = d % 4 === 0;
    const [zero, multiply] = isQuads ? ["vec4f(0.0)", "dot(slope, y[at])"] : ["0.0", "slope * y[at]"];
    const groups = Math.ceil(m / ROWS);
    const groupRows = Math.ceil(groups / MOST_WORKGROUPS);
    return {
      variant: isQuads ? "quads" : "",
      elements: isQuads ? {dy: "vec4f", y: "vec4f", out0: "vec4f"} : undefined,
      code: () => `var<workgroup> sums: array<f32, ${THREADS}>;

@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let row = (group.y * groups.x + group.x) * ${ROWS}u + thread / ${LANES}u;
  let lane = thread % ${LANES}u;
  let isHere = row < args.m;
  var sum = 0.0;
  var choice = 0u;
  if (isHere) {
    choice = u32(order[row]);
    let isKept = places[choice] == i32(row);
    let weight = weights[choice];
    let start = choice / args.k * args.width;
    for (var f = lane; f < args.width; f += ${LANES}u) {
      let at = row * args.width + f;
      if (isKept) {
        let slope = dy[start + f];
        sum += ${multiply};
        out0[at] = weight * slope;
      } else {
        out0[at] = ${zero};
      }
    }
  }
  sums[thread] = sum;
  workgroupBarrier();
  if (isHere && lane == 0u) {
    for (var other = 1u; other < ${LANES}u; other++) { sum += sums[thread + other]; }
    out1[choice] = sum;
  }
}`,
      uniforms: {m: u32(m), width: u32(isQuads ? d / 4 : d), k: u32(widthOf(weights))},
      workgroups: [Math.ceil(groups / groupRows), groupRows, 1]
    };
  }
});

/**
 * What each token gets of its sorted rows: the sum over its choices of weight times row, [n, d], from y [m, d], weights [n, k] and places int32 [n, k], in the
 * order of the choices: nothing is added up by whoever comes first, so the same bits every time. A choice without a place (-1) counts nothing. With `order`, as
 * `sortByExpert` gives it, the gradients of y and weights are one dispatch on webgpu. Throws KernelError where the shapes do not fit.
 */
export function combineRows(
  y: tf.Tensor,
  weights: tf.Tensor,
  places: tf.Tensor,
  order?: tf.Tensor
): tf.Tensor {
  checkTensor("y", y, 2);
  checkTensor("The weights", weights, 2);
  checkTensor("The places", places, 2, ["int32"]);
  if (String(weights.shape) !== String(places.shape))
    throw new KernelError(
      `The weights must be [${places.shape.join(", ")}] as the places are, got [${weights.shape.join(", ")}].`
    );
  // Every row is that of a choice, or the gradient would leave rows out.
  const isWhole = order?.size === places.size && y.shape[0] === places.size;
  const inputs = {y, weights, places};
  return (isWhole ? combineOrdered({...inputs, order}, {}) : combine(inputs, {}))[0] as tf.Tensor;
}

/** The same with weights of 1: what goes back to tokens from rows that were gathered. */
export const sumChosenRows = (y: tf.Tensor, places: tf.Tensor): tf.Tensor =>
  combine({y, places}, {})[0] as tf.Tensor;

registerGradient({
  kernelName: COMBINE,
  save: ["y", "weights", "places"],
  grads: ([dy], [y, weights, places]) =>
    composed(dy as tf.Tensor, y as tf.Tensor, weights as tf.Tensor, places as tf.Tensor)
});

registerGradient({
  kernelName: ORDERED,
  save: ["y", "weights", "places", "order"],
  grads([dy], [y, weights, places, order]) {
    const inputs = {dy, y, weights, places, order} as Record<string, tf.Tensor>;
    if (isRecording())
      return composed(dy as tf.Tensor, y as tf.Tensor, weights as tf.Tensor, places as tf.Tensor);
    // Made with the first of the two that is asked for.
    let both: tf.Tensor[] | undefined;
    const gradient = (which: 0 | 1) => () => {
      if (!both) {
        both = grad(inputs, {});
        outlive(both[1 - which] as tf.Tensor);
      }
      return both[which] as tf.Tensor;
    };
    return {y: gradient(0), weights: gradient(1)};
  }
});

/** The gradients in ordinary operations, which have gradients themselves and need no order. */
function composed(dy: tf.Tensor, y: tf.Tensor, weights: tf.Tensor, places: tf.Tensor) {
  const [n = 0, k = 0] = places.shape;
  const [m = 0, d = 0] = y.shape;
  const ids = tf.reshape(places, [n * k]);
  const upstream = tf.expandDims(dy, 1);
  return {
    y: () => sumChosenTableRows(tf.reshape(tf.mul(upstream, tf.expandDims(weights, 2)), [n * k, d]), ids, m),
    weights: () => tf.sum(tf.mul(tf.reshape(takeChosenRows(y, ids), [n, k, d]), upstream), 2)
  };
}
