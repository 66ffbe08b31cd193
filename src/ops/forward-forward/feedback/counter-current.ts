import {ArgumentError} from "../../core/errors.ts";
import type {Layer, LearningContext} from "../../core/layer.ts";
import type {BatchLoss} from "../../core/task.ts";
import {checkChoice} from "../../datasets/checks.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {checkRows} from "../checks.ts";
import {
  type Passed,
  type Stack,
  type StackLayerParams,
  type StackParams,
  stack,
  stackLayer
} from "../stack.ts";
import {at, checkFeedbackOptions, type FeedbackOptions} from "./backward-rule.ts";
import {withCosines} from "./cosines.ts";
import {classesBy, outputError} from "./output-error.ts";

export interface CounterCurrentOptions extends FeedbackOptions {
  /**
   * How far two activations are apart: "cosine" of what differs from the batch's mean (the default), "squared", or "classes", the
   * loss of the authors' code for labels: the network back is given every class once, and products with its activations are to be
   * 1 for an example's own class and 0 for others, by 128 / units times the mean square.
   */
  match?: "cosine" | "squared" | "classes";
}

/**
 * Counter-current learning (Kao & Hariharan 2024): a second network carries the answer the other way, from the labels towards the
 * input, layer1's counterpart being its last. Each layer of either learns to match the activation of its counterpart, both
 * taken as they are, so that no gradient crosses a layer; the last layer forward learns from the loss. Dense layers alone: the
 * network back has the hidden widths turned round, as feedback1, feedback2, ... among the parameters. Rows tell how far hidden
 * layers are from their counterparts as match1, match2, ... The nonlinearity is tanh by default; the authors' code has
 * `match: "classes"`, elu and no biases. Throws an ArgumentError without a hidden layer, and for classes without labels.
 *
 * @example
 * import {adam, fit} from "petri/core";
 * import {digits} from "petri/datasets";
 * import {counterCurrent} from "petri/forward-forward";
 *
 * const model = counterCurrent({layers: [64, 64, 10]});
 * const training = fit(model, await digits(), {steps: 60, logEvery: 20, optimizer: adam({learningRate: 0.003})});
 * for await (const {step, loss, accuracy, match1, match2} of training) display({step, loss, accuracy, match1, match2});
 * training.dispose();
 */
export function counterCurrent(options: CounterCurrentOptions): Layer<StackParams> {
  checkFeedbackOptions("counterCurrent", options, {match: true});
  const {match = "cosine", loss, cosines} = options;
  checkChoice("match", match, ["cosine", "squared", "classes"]);
  const activation = options.activation ?? "tanh";
  const layers = stack({...options, activation});
  const hidden = options.layers.slice(0, -1);
  if (hidden.length === 0)
    throw new ArgumentError("counterCurrent needs a hidden layer: pass layers such as [64, 10].");
  if (hidden.some((spec) => typeof spec !== "number"))
    throw new ArgumentError("counterCurrent is for dense layers alone: give their units.");
  const back = stack({...options, layers: hidden.toReversed(), activation, outputActivation: activation});

  function learn(params: StackParams, x: Tensor, y: Tensor, context: LearningContext) {
    checkRows("counterCurrent", x, y);
    const result = tidy(() => {
      const forth = layers.forward(params, x);
      const answer = y.dtype === "int32" ? tf.cast(tf.oneHot(y, layers.outputs), "float32") : y;
      const byClass = match === "classes";
      if (byClass && y.dtype !== "int32")
        throw new ArgumentError(
          'match: "classes" needs labels: pass data with classes, or match: "squared".'
        );
      const distance = byClass ? toClasses(answer) : distances[match];
      const fed = back.forward(renamed(params, back), byClass ? tf.eye(layers.outputs) : answer);
      const last = hidden.length;
      const matches = hidden.map((_, i) => {
        const own = stepLayer(layers, params, forth, i, fed.activations[last - 1 - i] as Tensor, distance);
        context.update(layers.names[i] as string, own.grads);
        return own.loss;
      });
      for (const [i, name] of back.names.entries()) {
        const wanted = forth.activations[last - 1 - i] as Tensor;
        const {grads} = stepLayer(back, renamed(params, back), fed, i, wanted, (b, a) => distance(a, b));
        context.update(counterpart(name), grads);
      }
      const top = stepLayer(layers, params, forth, last, y, loss);
      context.update(layers.names[last] as string, top.grads);
      return {loss: top.loss, outputs: forth.activations[last] as Tensor, matches};
    });
    return {loss: result.loss, outputs: () => result.outputs, figures: result.matches};
  }

  const network: Layer<StackParams> = {
    ...stackLayer("counterCurrent", layers),
    init(key, inputShape, path) {
      const [own, others] = key.split(2) as [typeof key, typeof key];
      const made = back.init(others, [layers.outputs], path);
      const fed = Object.entries(made).map(([name, layer]) => [counterpart(name), layer]);
      return {...layers.init(own, inputShape, path), ...Object.fromEntries(fed)};
    },
    learning: {figures: hidden.map((_, i) => `match${i + 1}`), ...classesBy(loss), learn}
  };
  return cosines ? withCosines(network, layers.names, loss) : network;
}

const counterpart = (name: string) => name.replace("layer", "feedback");

/** The parameters of the network back under the names that its stack has for them. */
function renamed(params: StackParams, {names}: Stack): StackParams {
  return Object.fromEntries(names.map((name) => [name, params[counterpart(name)] as StackLayerParams]));
}

/** The gradients of one layer, whose activation has to be near to something. */
function stepLayer(
  layers: Stack,
  params: StackParams,
  passed: Passed,
  index: number,
  wanted: Tensor,
  loss: BatchLoss | undefined
): {loss: Tensor; grads: StackLayerParams} {
  const {loss: value, error} = outputError(passed.activations[index] as Tensor, wanted, loss);
  const delta = layers.through(index, error, at(passed, index));
  const own = params[layers.names[index] as string] as StackLayerParams;
  return {loss: value, grads: layers.grads(index, own, passed.inputs[index] as Tensor, delta)};
}

/** How far activations are apart, the mean over examples. */
const distances: Record<"cosine" | "squared", BatchLoss> = {
  squared: (a, b) => tf.mul(0.5, tf.mean(tf.sum(tf.squaredDifference(a, b), 1))),
  cosine: (a, b) => tf.sub(1, tf.mean(tf.sum(tf.mul(directions(a), directions(b)), 1)))
};

/** How far products of activations with those of every class are from whether it is the example's own. */
const toClasses =
  (own: Tensor): BatchLoss =>
  (a, ofClasses) => {
    const products = tf.matMul(a, ofClasses, false, true);
    return tf.mul(128 / (a.shape[1] as number), tf.mean(tf.squaredDifference(products, own)));
  };

/** How examples differ from the batch's mean, in length 1: all examples in one place are as far apart as can be. */
function directions(x: Tensor): Tensor {
  const centred = tf.sub(x, tf.mean(x, 0, true));
  return tf.mul(centred, tf.rsqrt(tf.add(tf.sum(tf.square(centred), 1, true), 1e-6)));
}
