import {takeRows} from "../../core/batches.ts";
import {checkNumber} from "../../core/errors.ts";
import {flops, type Layer, type ModelState, type Shape} from "../../core/layer.ts";
import {activationsOf, withTaps} from "../../core/taps.ts";
import {dispose, type Params} from "../../core/tree.ts";
import {type Dataset, rowCount} from "../../datasets/dataset.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {checkSparsity} from "../kept-counts.ts";
import {shrink} from "../shrink/shrink.ts";
import {unitScores} from "../shrink/unit-scores.ts";

export interface OptinOptions {
  /** Rows to look at, all at once: a few dozen do. */
  data: Dataset;
  /** Share of the floating-point operations that has to go, in [0, 1). */
  cut: number;
  /** The weight of the outputs' divergence beside the distances on the way, 1 by default; 0 leaves it out. */
  lambda?: number;
  /** False scores by the outputs alone. */
  trajectory?: boolean;
  /** What layers with a state learned in training: `training.state.modelState`. */
  modelState?: ModelState;
}

/** Which units to take out, for `shrink`. */
export interface Optin {
  remove: Record<string, number[]>;
  /** The score of every unit, by the path of the layer that makes it. */
  scores: Record<string, Float32Array>;
  /** Floating-point operations of what is left, as a share. */
  flops: number;
}

/**
 * OPTIN (Khaki & Plataniotis 2024, "The Need for Speed"): one unit or channel at a time is set to zero, and scored by how far everything after it then is from where it
 * was: the sum over all later layers of the mean squared distance of their outputs, each divided by the outputs' own mean square, plus lambda times the divergence KL(before, after) of the
 * softmax of the network's outputs. The units with the smallest scores go, as few as bring the operations under the budget; at least one of each layer stays. No
 * retraining. Left out: heads of attention, and the paper's distance between relations of patches. Channels that a sum joins are scored at each layer that makes them, and go together.
 *
 * @example
 * import {evaluate, fit, mlp} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 * import {optin, shrink} from "petri/pruning";
 *
 * const [model, data] = [mlp([2, 24, 24, 2]), twoMoons({n: 200})];
 * const training = fit(model, data, {steps: 200});
 * for await (const row of training);
 * const {remove, flops} = await optin(model, training.params, {data, cut: 0.5});
 * const small = await shrink(model, training.params, null, {remove});
 * display({flops, ...(await evaluate(small.model, small.params, data))});
 * training.dispose();
 */
export async function optin(model: Layer, params: Params, options: OptinOptions): Promise<Optin> {
  const {data, cut, lambda = 1, trajectory = true, modelState} = options;
  checkSparsity(cut, "cut");
  checkNumber("lambda", lambda, 0);
  const {inputShape} = data;
  const sizes = Object.entries(await unitScores(model, params, {inputShape})).map(
    ([path, {length}]) => [path, length] as const
  );
  const {x, y} = takeRows(
    data,
    Int32Array.from({length: rowCount(data)}, (_, i) => i)
  );
  const context = {training: false, ...(modelState && {state: modelState})};
  const before = activationsOf(model, params, x, context);
  const paths = Object.keys(before);
  const outputs = model.apply(params, x, context);
  const scores: Record<string, Float32Array> = {};
  try {
    for (const [path, count] of sizes) {
      const later = trajectory ? paths.slice(paths.indexOf(path) + 1) : [];
      const own = tidy(() =>
        tf.stack(
          Array.from({length: count}, (_, unit) =>
            tidy(() => {
              const silent = withTaps(model, (at, value) =>
                at === path ? without(value, unit, count) : value
              );
              const after = activationsOf(silent, params, x, context);
              const end = silent.apply(params, x, context);
              const distances = later.map((each) => distance(before[each] as Tensor, after[each] as Tensor));
              return tf.addN([...distances, tf.mul(divergence(outputs, end), lambda)]);
            })
          )
        )
      );
      scores[path] = Float32Array.from(await own.data());
      own.dispose();
    }
  } finally {
    dispose([before, x, y, outputs]);
  }
  const {remove, left} = await withinBudget(model, params, scores, {
    cut,
    inputShape,
    ...(modelState && {modelState})
  });
  return {remove, scores, flops: left};
}

/** A layer's output with one unit, along the last axis, at zero. */
function without(value: Tensor, unit: number, count: number): Tensor {
  return tf.mul(value, tf.sub(1, tf.oneHot(tf.scalar(unit, "int32"), count)));
}

function distance(before: Tensor, after: Tensor): Tensor {
  return tf.div(tf.mean(tf.squaredDifference(before, after)), tf.add(tf.mean(tf.square(before)), 1e-12));
}

function divergence(before: Tensor, after: Tensor): Tensor {
  const logs = tf.sub(tf.logSoftmax(before), tf.logSoftmax(after));
  return tf.mean(tf.sum(tf.mul(tf.softmax(before), logs), -1));
}

/** The fewest units, the lowest scores first, without which the network is under its budget. */
async function withinBudget(
  model: Layer,
  params: Params,
  scores: Readonly<Record<string, Float32Array>>,
  {cut, inputShape, modelState}: {cut: number; inputShape: Shape; modelState?: ModelState}
): Promise<{remove: Record<string, number[]>; left: number}> {
  const order = Object.entries(scores)
    .flatMap(([path, own]) => {
      const best = own.reduce((at, score, i) => (score > (own[at] as number) ? i : at), 0);
      return Array.from(own, (score, unit) => ({path, unit, score, isLast: unit === best}));
    })
    .filter(({isLast}) => !isLast)
    .sort((a, b) => a.score - b.score);
  const first = (count: number) => {
    const remove: Record<string, number[]> = {};
    for (const {path, unit} of order.slice(0, count)) remove[path] = [...(remove[path] ?? []), unit];
    return remove;
  };
  const whole = flops(model, inputShape);
  const leftWithout = async (count: number) => {
    const options = {inputShape, remove: first(count), ...(modelState && {modelState})};
    const small = await shrink(model, params, null, options);
    dispose([small.params, small.modelState]);
    return flops(small.model, inputShape) / whole;
  };
  let [low, high] = [0, order.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((await leftWithout(middle)) <= 1 - cut) high = middle;
    else low = middle + 1;
  }
  return {remove: first(low), left: await leftWithout(low)};
}
