import {ArgumentError, checkCount} from "../../core/errors.ts";
import type {Key} from "../../core/key.ts";
import type {Layer, LearningContext} from "../../core/layer.ts";
import {normal} from "../../core/random.ts";
import {map, type Params} from "../../core/tree.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {checkFlag} from "../checks.ts";
import {type StackParams, stack, stackLayer} from "../stack.ts";
import {checkFeedbackOptions, type FeedbackOptions} from "./backward-rule.ts";
import {withCosines} from "./cosines.ts";
import {type Direction, forwardEstimate, type OnTheWay} from "./forward-mode.ts";
import {type HeadedLayerParams, initHeads, localGuess} from "./local-guess.ts";
import {classesBy, outputError} from "./output-error.ts";

export interface ForwardGradientOptions extends FeedbackOptions {
  /** What is moved: the "weights" (the default), or the "activities" before the nonlinearity, example by example. */
  perturb?: "weights" | "activities";
  /** Where to: "random", standard normal (the default), or "local", the gradient of a linear classifier at each hidden layer. */
  guess?: "random" | "local";
  /** Directions a step, 1 by default, whose estimates are averaged. Local guesses are only ever one. */
  samples?: number;
  /** True: a pass for each layer, so that moving one does not blur what is told of others. */
  apart?: boolean;
}

/**
 * Forward gradients (Baydin, Pearlmutter, Syme, Wood, Torr 2022): for a random direction v, the loss's derivative along v times v,
 * found in one pass forward, which is the gradient in the mean. With `perturb: "activities"` examples have directions of their
 * own, and with `guess: "local"` directions are the gradients of small local losses, projected onto which the gradient loses
 * less (Fournier, Rivaud, Belilovsky, Eickenberg, Oyallon 2023): estimates then lean towards the guess. Throws ArgumentErrors for
 * unknown words.
 *
 * @example
 * import {fit, sgd} from "petri/core";
 * import {digits} from "petri/datasets";
 * import {forwardGradient} from "petri/forward-forward";
 *
 * const data = await digits();
 * for (const guess of ["random", "local"]) {
 *   const model = forwardGradient({layers: [64, 10], activation: "tanh", perturb: "activities", guess, cosines: true});
 *   const training = fit(model, data, {steps: 40, logEvery: 40, optimizer: sgd({learningRate: 0.1})});
 *   for await (const {loss, accuracy, cosine1} of training) display({guess, loss, accuracy, cosine1});
 *   training.dispose();
 * }
 */
export function forwardGradient(options: ForwardGradientOptions): Layer<StackParams> {
  checkFeedbackOptions("forwardGradient", options, {perturb: true, guess: true, samples: true, apart: true});
  const {perturb = "weights", guess = "random", samples = 1, apart = false, loss, cosines} = options;
  checkOneOf("perturb", perturb, ["weights", "activities"]);
  checkOneOf("guess", guess, ["random", "local"]);
  checkCount("samples", samples);
  checkFlag("apart", apart);
  const isLocal = guess === "local";
  if (isLocal && samples > 1)
    throw new ArgumentError(`A local guess is one direction: leave out samples (got ${samples}).`);
  const layers = stack(options);

  function learn(params: StackParams, x: Tensor, y: Tensor, context: LearningContext) {
    const {loss: value, outputs} = tidy(() => {
      const passed = layers.forward(params, x);
      const outputs = passed.activations.at(-1) as Tensor;
      const {loss: value, error} = outputError(outputs, y, loss);
      const way: OnTheWay = {layers, params, passed, error};
      const {estimates, heads} = isLocal ? guessed(way, y) : {estimates: drawn(way, context.key), heads: {}};
      for (const [name, grads] of Object.entries(estimates)) {
        const head = (heads as Record<string, Tensor>)[name];
        context.update(name, head ? {...grads, head} : grads);
      }
      return {loss: value, outputs};
    });
    return {loss: value, outputs: () => outputs};
  }

  function guessed(way: OnTheWay, y: Tensor) {
    const {direction, heads} = localGuess(way, y, {perturb, apart, loss});
    return {estimates: forwardEstimate(way, direction, apart), heads};
  }

  function drawn(way: OnTheWay, key: Key | undefined): StackParams {
    if (!key) throw new ArgumentError("forwardGradient draws directions by the context's key: got none.");
    const each = Array.from({length: samples}, (_, s) =>
      forwardEstimate(way, randomDirection(way, perturb, key.fold(s)), apart)
    );
    const mean = (leaf: Tensor, _path: string, ...others: unknown[]) =>
      tf.div(tf.addN([leaf, ...(others as Tensor[])]), samples);
    const [first, ...others] = each;
    return samples === 1 ? (first as StackParams) : (map(mean, first as Params, ...others) as StackParams);
  }

  const base = stackLayer("forwardGradient", layers);
  const network: Layer<StackParams> = {
    ...base,
    ...(isLocal && {
      init: (key, inputShape, path): Record<string, HeadedLayerParams> =>
        initHeads(layers, layers.init(key, inputShape, path), inputShape, key.fold(layers.names.length))
    }),
    learning: {...classesBy(loss), learn}
  };
  return cosines ? withCosines(network, layers.names, loss) : network;
}

/** Standard normal numbers for all that is moved. */
function randomDirection(
  {layers, params, passed}: OnTheWay,
  perturb: "weights" | "activities",
  key: Key
): Direction {
  let count = 0;
  const like = ({shape}: Tensor) => normal(key.fold(count++), shape);
  if (perturb === "activities") return {sums: passed.sums.map(like)};
  return {
    weights: Object.fromEntries(
      layers.names.map((name) => [name, map(like, params[name] as Params)])
    ) as StackParams
  };
}

function checkOneOf(name: string, value: string, known: readonly string[]): void {
  if (known.includes(value)) return;
  throw new ArgumentError(
    `${name} must be ${known.map((each) => `"${each}"`).join(" or ")}, got ${String(value)}.`
  );
}
