import {ArgumentError} from "../../core/errors.ts";
import type {Layer, LearningContext} from "../../core/layer.ts";
import type {BatchLoss} from "../../core/task.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
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
import {outputError} from "./output-error.ts";

export interface CounterCurrentOptions extends FeedbackOptions {
  /** How far two activations are apart: "cosine" of what differs from the batch's mean (the default), or "squared". */
  match?: "cosine" | "squared";
}

/**
 * Counter-current learning (Kao & Hariharan 2024): a second network carries the answer the other way, from the labels towards the
 * input, layer1's counterpart being its last. Each layer of either learns to match the activation of its counterpart, both
 * taken as they are, so that no gradient crosses a layer; the last layer forward learns from the loss. Dense layers alone: the
 * network back has the hidden widths turned round, as feedback1, feedback2, ... among the parameters. Rows tell how far hidden
 * layers are from their counterparts as match1, match2, ... The nonlinearity is tanh by default. Throws an ArgumentError without a hidden layer.
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
  if (match !== "cosine" && match !== "squared")
    throw new ArgumentError(`match must be "cosine" or "squared", got ${String(match)}.`);
  const activation = options.activation ?? "tanh";
  const layers = stack({...options, activation});
  const hidden = options.layers.slice(0, -1);
  if (hidden.length === 0)
    throw new ArgumentError("counterCurrent needs a hidden layer: pass layers such as [64, 10].");
  if (hidden.some((spec) => typeof spec !== "number"))
    throw new ArgumentError("counterCurrent is for dense layers alone: give their units.");
  const back = stack({...options, layers: hidden.toReversed(), activation, outputActivation: activation});
  const distance = distances[match];

  function learn(params: StackParams, x: Tensor, y: Tensor, context: LearningContext) {
    const result = tidy(() => {
      const forth = layers.forward(params, x);
      const answer = y.dtype === "int32" ? tf.cast(tf.oneHot(y, layers.outputs), "float32") : y;
      const fed = back.forward(renamed(params, back), answer);
      const last = hidden.length;
      const matches = hidden.map((_, i) => {
        const own = stepLayer(layers, params, forth, i, fed.activations[last - 1 - i] as Tensor, distance);
        context.update(layers.names[i] as string, own.grads);
        return own.loss;
      });
      for (const [i, name] of back.names.entries()) {
        const wanted = forth.activations[last - 1 - i] as Tensor;
        const {grads} = stepLayer(back, renamed(params, back), fed, i, wanted, distance);
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
    learning: {figures: hidden.map((_, i) => `match${i + 1}`), learn}
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

/** How examples differ from the batch's mean, in length 1: all examples in one place are as far apart as can be. */
function directions(x: Tensor): Tensor {
  const centred = tf.sub(x, tf.mean(x, 0, true));
  return tf.mul(centred, tf.rsqrt(tf.add(tf.sum(tf.square(centred), 1, true), 1e-6)));
}
