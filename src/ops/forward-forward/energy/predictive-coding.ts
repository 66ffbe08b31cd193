import {ArgumentError, checkCount, checkNumber, checkOptions} from "../../core/errors.ts";
import {type Context, inScope, type Layer, type Learned, type LearningContext} from "../../core/layer.ts";
import {stopGradient} from "../../core/stop-gradient.ts";
import type {Params} from "../../core/tree.ts";
import {checkChoice} from "../../datasets/checks.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {checkLayers, checkRows} from "../checks.ts";
import {type LevelParams, type Levels, levelsOf, type OutputEnergy} from "./levels.ts";

export interface PredictiveCodingOptions {
  /** What predicts each level from the one below; the last has a unit for each class, or for each target. */
  layers: readonly Layer[];
  /** The error of the last level: half the squared error ("squared", the default), or the softmax cross-entropy. */
  output?: OutputEnergy;
  /** Steps of inference, 20 by default. */
  steps?: number;
  /** How far a step goes down the energy's gradient by the states, 0.1 by default. */
  rate?: number;
  /** What a step of inference goes down: the energies' "sum" over the batch (the default), or their "mean". */
  energy?: "sum" | "mean";
  /** When the weights learn: when the states are "settled" (the default), or at every step of inference ("incremental"). */
  learn?: "settled" | "incremental";
  /** How they learn: by the "gradient" of the mean energy (the default), or "proximal", by that over the squared norm of their input. */
  weights?: "gradient" | "proximal";
  /** Added to the squared norms of proximal weights, 0 by default. */
  damping?: number;
}

/** What inference computes on a batch. */
export interface InferenceTrace {
  /** The states of the levels 1 to L - 1 after so many steps, the first being the feed-forward pass. */
  states: Tensor[][];
  /** The sum of all energies over the batch, or their mean, as `energy` says: after each of those steps. */
  energies: Tensor[];
}

/** A network that learns by predictive coding. */
export interface PredictiveNetwork extends Layer<LevelParams> {
  /** How the states settle on a batch with these parameters, which stay as they are. The caller owns the tensors. */
  trace(params: LevelParams, x: Tensor, y: Tensor, context?: Context): InferenceTrace;
}

const optionNames: Readonly<Record<keyof PredictiveCodingOptions, true>> = {
  layers: true,
  output: true,
  steps: true,
  rate: true,
  energy: true,
  learn: true,
  weights: true,
  damping: true
};

/**
 * Predictive coding (Rao & Ballard 1999; Whittington & Bogacz 2017). Every level z_l is predicted from the one below by a layer,
 * and the energy of an example is the sum over levels of 1/2 |z_l - layer_l(z_(l-1))|^2, with the input and what is wanted at its
 * ends. A step of training starts from the feed-forward pass, takes `steps` of descent on the hidden levels, all at once, and then
 * one step of the optimizer down the energy by the weights: each level from its own error and the level below.
 *
 * - `learn: "incremental"` is incremental predictive coding (Salvatori et al., arXiv:2212.00720): the weights learn at every step of
 *   inference, beside the states.
 * - `weights: "proximal"` is inference learning as implicit gradient descent (Alonso et al., arXiv:2206.00164): the update of each
 *   example is divided by the squared norm of what the weights are given (and 1 for the bias), so that at a learning rate of 1 a
 *   linear level of one example predicts its target. `damping` d makes it the proximal step of rate 1/d.
 * - Layers such as dense({units, activation: "tanh"}) predict f(x W + b), and sequential([activation("tanh"), dense({units})])
 *   f(x) W + b, as other implementations do.
 *
 * Applied, it gives the prediction of the last level. The rows of a training tell the energy before inference (the output's alone)
 * as loss, and `energy`, after it, both means over examples. Throws an ArgumentError without layers and for options it does not know.
 *
 * @example
 * import {dense, fit, flatten, sequential} from "petri/core";
 * import {digits} from "petri/datasets";
 * import {predictiveCoding} from "petri/forward-forward";
 *
 * const layers = [sequential([flatten(), dense({units: 32, activation: "tanh"})]), dense({units: 10})];
 * const model = predictiveCoding({layers, steps: 10});
 * const training = fit(model, await digits(), {steps: 40, logEvery: 20});
 * for await (const row of training) display(row);
 * training.dispose();
 */
export function predictiveCoding(options: PredictiveCodingOptions): PredictiveNetwork {
  const {layers, output, steps, rate, energy, learn, weights, damping} = checked(options);
  const levels = levelsOf(layers, output);

  /** One step of the hidden levels. */
  const settle = (params: LevelParams, {x, states, target}: Batch, context: Context) =>
    tidy(() => {
      const by = rate / (energy === "mean" ? (x.shape[0] as number) : 1);
      const slopes = levels.stateSlopes(params, x, states, target, context);
      return states.map((state, i) => tf.sub(state, tf.mul(slopes[i] as Tensor, by)));
    });
  const slopesOf = (params: LevelParams, {x, states, target}: Batch, context: Context) =>
    tidy(() => {
      const scaled =
        weights === "proximal" ? levels.proximalWeights(params, x, states, context, damping) : undefined;
      return levels.weightSlopes(params, x, states, target, context, scaled);
    });
  const update = (grads: LevelParams, context: LearningContext) => {
    for (const name of levels.names)
      if (Object.keys(grads[name] ?? {}).length > 0) context.update(name, grads[name] as Params);
  };

  function learnBatch(params: LevelParams, x: Tensor, y: Tensor, context: LearningContext): Learned {
    checkRows("predictiveCoding", x, y);
    const {setState: _, ...still} = context;
    const predicted = levels.feedForward(params, x, context);
    let batch = begun(levels, predicted, x, y);
    const energyOf = (at: LevelParams) =>
      tidy(() => tf.mean(sumOf(levels.energies(at, batch.x, batch.states, batch.target, still))));
    const loss = energyOf(params);
    let at = params;
    for (let t = 0; t < steps; ++t) {
      const states = settle(at, batch, still);
      if (learn === "incremental") {
        update(slopesOf(at, batch, still).grads, context);
        at = Object.fromEntries(levels.names.map((name) => [name, latest(context, name, params)]));
      }
      batch = {...batch, states};
    }
    const outputs = () => tf.clone(predicted.at(-1) as Tensor);
    if (learn === "incremental") return {loss, outputs, figures: [energyOf(at)]};
    const {energy: settled, grads} = slopesOf(params, batch, still);
    update(grads, context);
    return {loss, outputs, figures: [settled]};
  }

  return {
    name: "predictiveCoding",
    init: (key, inputShape, path) => tidy(() => levels.init(key, inputShape, path)),
    apply: (params, x, context) =>
      inScope(context, (inner) => levels.feedForward(params, x, inner ?? {}).at(-1) as Tensor),
    outputShape: (inputShape) => {
      const last = levels.places(inputShape).at(-1);
      return last?.layer.outputShape?.(last.inputShape) ?? last?.inputShape ?? [];
    },
    children: levels.places,
    learning: {figures: ["energy"], classes: "outputs", learn: learnBatch},
    trace: (params, x, y, context = {}) =>
      tidy(() => {
        let batch = begun(levels, levels.feedForward(params, x, context), x, y);
        const trace: InferenceTrace = {states: [], energies: []};
        for (let t = 0; t <= steps; ++t) {
          const each = sumOf(levels.energies(params, x, batch.states, batch.target, context));
          trace.states.push(batch.states.map((state) => tf.clone(state)));
          trace.energies.push(energy === "mean" ? tf.mean(each) : tf.sum(each));
          if (t < steps) batch = {...batch, states: settle(params, batch, context)};
        }
        return trace;
      })
  };
}

/** A batch on which states settle. */
interface Batch {
  x: Tensor;
  /** Levels 1 to L - 1. */
  states: Tensor[];
  target: Tensor;
}

function begun(levels: Levels, predicted: readonly Tensor[], x: Tensor, y: Tensor): Batch {
  const target = levels.target(y, predicted.at(-1) as Tensor);
  return {x, states: stopGradient(predicted.slice(0, -1)) as Tensor[], target};
}

/** The energies of all levels, by example. */
function sumOf(energies: readonly Tensor[]): Tensor {
  return energies.length === 1 ? (energies[0] as Tensor) : tf.addN([...energies]);
}

function latest(context: LearningContext, name: string, params: LevelParams): Params {
  return context.updated?.(name) ?? (params[name] as Params);
}

function checked(options: PredictiveCodingOptions): Required<PredictiveCodingOptions> {
  checkOptions("predictiveCoding", options, optionNames);
  const {layers, output = "squared", steps = 20, rate = 0.1, energy = "sum"} = options;
  const {learn = "settled", weights = "gradient", damping = 0} = options;
  if (!Array.isArray(layers) || layers.length === 0)
    throw new ArgumentError(
      "predictiveCoding needs at least one layer, such as dense({units: 10}); the last predicts what is wanted. Got none."
    );
  checkLayers("layers", layers);
  checkChoice("output", output, ["squared", "crossEntropy"]);
  checkChoice("energy", energy, ["sum", "mean"]);
  checkChoice("learn", learn, ["settled", "incremental"]);
  checkChoice("weights", weights, ["gradient", "proximal"]);
  checkCount("steps", steps);
  checkNumber("rate", rate, 0);
  checkNumber("damping", damping, 0);
  return {layers, output, steps, rate, energy, learn, weights, damping};
}
