// How well what a rule asks for agrees with the gradient.
import {kept, released} from "../../core/backward.ts";
import {ArgumentError} from "../../core/errors.ts";
import {valueAndGrad} from "../../core/grad.ts";
import {type Key, key as keyOf} from "../../core/key.ts";
import type {Context, Layer, Learning, ModelState} from "../../core/layer.ts";
import {alignOutputs, type BatchLoss} from "../../core/task.ts";
import {dispose, entries, map, type Params, type Tree} from "../../core/tree.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {checkGiven} from "../checks.ts";
import type {StackLayerParams, StackParams} from "../stack.ts";
import {lossFor} from "./output-error.ts";

/** The cosine of the angle between two tensors of one shape, a scalar; no number where one of them is zero, unless lengths count as at least something. */
export function cosine(a: Tensor, b: Tensor, least?: number): Tensor {
  return tidy(() => {
    // Roots first: the product of two squared lengths is soon too small or too large for single precision.
    const length = (x: Tensor) => tf.sqrt(tf.sum(tf.square(x)));
    const lengths = tf.mul(length(a), length(b));
    return tf.div(tf.sum(tf.mul(a, b)), least === undefined ? lengths : tf.maximum(lengths, least));
  });
}

/** A batch to compare on, and what the network keeps besides its parameters. */
export interface CosineOptions {
  x: Tensor;
  /** int32 labels, or targets. */
  y: Tensor;
  /** Of the network, from `initState` or `training.modelState`. */
  state?: ModelState;
  /** For rules that draw. */
  key?: Key;
  /** What the gradient is taken of: cross-entropy for labels, mean squared error for targets by default. */
  loss?: BatchLoss;
}

/**
 * What a network's own rule asks of its parameters on a batch, against the gradient of the loss: the cosine for each of them.
 * Parameters that the gradient does not know (feedback, heads of blocks) are left out. Where a rule asks several times in a step
 * (incremental predictive coding), it is the sum that counts, of what it asks while the parameters stay. Throws an ArgumentError
 * for a network without a rule of its own.
 *
 * @example
 * import {initState, key, random, tf} from "petri/core";
 * import {feedbackAlignment, gradientCosines} from "petri/forward-forward";
 *
 * const model = feedbackAlignment({layers: [20, 20, 3], activation: "tanh"});
 * const params = model.init(key(0), [8]);
 * const batch = {x: random.normal(key(1), [32, 8]), y: random.randint(key(2), [32], 0, 3)};
 * display(Inputs.table(await gradientCosines(model, params, {...batch, state: initState(model, [8])})));
 */
export async function gradientCosines<P extends Params>(
  model: Layer<P>,
  params: P,
  options: CosineOptions
): Promise<{path: string; cosine: number}[]> {
  checkGiven("gradientCosines", model, "a network that learns by a rule of its own");
  checkGiven("gradientCosines", options?.x, "a batch, {x, y}");
  checkGiven("gradientCosines", options.y, "a batch, {x, y}");
  const {x, y, state, key = keyOf(0), loss = lossFor(y)} = options;
  const {learning} = model;
  if (!learning)
    throw new ArgumentError(`${model.name} learns by backpropagation: there is no rule to compare with it.`);
  const paths: string[] = [];
  const all = tidy(() => {
    const asked = askedOf(learning, params, {x, y, context: {training: true, key, state}});
    const exact = trueGradient(model, params, x, y, loss, {state}) as Record<string, Params>;
    const cosines = Object.entries(asked).flatMap(([name, child]) => {
      const wanted = new Map(entries<Tensor>(exact[name] as Params).map(({path, leaf}) => [path, leaf]));
      return entries<Tensor>(child).map(({path, leaf}) => {
        paths.push(path === "" ? name : `${name}/${path}`);
        return cosine(leaf, wanted.get(path) as Tensor);
      });
    });
    return tf.stack(cosines);
  });
  const values = Array.from(await all.data());
  all.dispose();
  return paths
    .map((path, i) => ({path, cosine: values[i] as number}))
    .filter(({cosine: value}) => !Number.isNaN(value));
}

/** What a rule asks of each child of the parameters in a step, all that it asks of one added up. */
function askedOf<P extends Params>(
  {learn}: Learning<P>,
  params: P,
  {x, y, context}: {x: Tensor; y: Tensor; context: Context}
): Record<string, Params> {
  const asked: Record<string, Params> = {};
  const update = (name: string, grads: Params) => {
    const before = asked[name];
    if (!before) {
      asked[name] = kept(grads as Tree<Tensor>) as Params;
      return;
    }
    asked[name] = map((sum: Tensor, _path, more) => tf.keep(tf.add(sum, more as Tensor)), before, grads);
    dispose(before);
  };
  learn(params, x, y, {...context, update, setState: () => {}});
  return released(asked as Tree<Tensor>) as Record<string, Params>;
}

/** The gradient of the loss by all parameters, by backpropagation. */
function trueGradient<P extends Params>(
  model: Layer<P>,
  params: P,
  x: Tensor,
  y: Tensor,
  loss: BatchLoss,
  context: {state?: ModelState}
): P {
  return valueAndGrad((at: P) => loss(alignOutputs(model.apply(at, x, context), y), y))(params)[1];
}

/** Layers that are asked for nothing, or are of no use to the loss, have a cosine of 0. */
const SMALLEST = 1e-30;

/**
 * The same network, whose rows also tell the cosine between what its rule asks of each layer's kernel and the gradient, as
 * cosine1, cosine2, ...: a pass of backpropagation a step, for looking at rules.
 */
export function withCosines(
  model: Layer<StackParams>,
  names: readonly string[],
  loss?: BatchLoss
): Layer<StackParams> {
  const {learning} = model;
  if (!learning) return model;
  const figures = [...(learning.figures ?? []), ...names.map((_, i) => `cosine${i + 1}`)];
  return {
    ...model,
    learning: {
      ...learning,
      figures,
      learn(params, x, y, context) {
        const found: Record<string, Tensor> = {};
        const exact = trueGradient(model, params, x, y, loss ?? lossFor(y), {state: context.state});
        const update = (name: string, grads: Params) => {
          // A network back has no gradient, and nobody asks for its cosines.
          if (names.includes(name)) {
            const {kernel} = exact[name] as StackLayerParams;
            found[name] = kept(cosine((grads as StackLayerParams).kernel, kernel, SMALLEST));
          }
          context.update(name, grads);
        };
        const learned = learning.learn(params, x, y, {...context, update});
        const cosines = names.map((name) => released(found[name] as Tensor));
        return {...learned, figures: [...(learned.figures ?? []), ...cosines]};
      }
    }
  };
}
