// Networks whose weights are computed from what is trained: gates, soft masks, samples.
import {ArgumentError} from "../../core/errors.ts";
import type {Key} from "../../core/key.ts";
import {applyChild, type Context, initChild, inScope, type Layer, type Shape} from "../../core/layer.ts";
import {clone, map, type Params} from "../../core/tree.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {kernelsOnly, type Prunable} from "../masks.ts";
import {type Leaves, weightsOf} from "../updaters/sparse-state.ts";

/** The parameters of a subnetwork: those of the network, and what is learned about them. */
export type SubnetworkParams = {weights: Params; gates: Leaves};

/** A network that runs with weights computed from its parameters. */
export interface Subnetwork extends Layer<SubnetworkParams> {
  /** The weights that the network inside is left with, in the tree of its parameters. The caller owns them. */
  weightsOf(params: SubnetworkParams): Params;
}

/** What a training step knows about itself: the steps before it (a scalar), and a key of its own. */
export interface StepOfTraining {
  step: Tensor;
  key: Key;
}

/** How weights follow from parameters. Everything is by path, of the prunable parameters. */
export interface Gating {
  /** Names the layer. */
  readonly name: string;
  /** What is learned besides the weights, by name; nothing by default. */
  init?(weights: Leaves, key: Key): Leaves;
  /** The weights of a training step, differentiable. */
  training(weights: Leaves, gates: Leaves, at: StepOfTraining): Leaves;
  /** The weights of evaluation. */
  final(weights: Leaves, gates: Leaves): Leaves;
}

/**
 * A network around another one whose prunable weights a rule replaces by what it computes from them: one way while training, step by
 * step, another in evaluation. The steps are counted in the state of the layer, on the device. Parameters are {weights, gates}.
 *
 * @example
 * import {fit, mlp, tf} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 * import {sparsityOf, subnetwork} from "petri/pruning";
 *
 * // A rule of one's own: soft thresholding, the same in training and in evaluation.
 * const each = (leaves, f) => Object.fromEntries(Object.entries(leaves).map(([path, w]) => [path, f(w)]));
 * const model = subnetwork(mlp([2, 64, 2]), {
 *   name: "soft",
 *   training: (weights) => each(weights, (w) => w.sign().mul(w.abs().sub(0.1).relu())),
 *   final: (weights) => each(weights, (w) => w.sign().mul(w.abs().sub(0.1).relu()))
 * });
 * const training = fit(model, twoMoons({n: 200}), {steps: 100});
 * for await (const row of training);
 * display(await sparsityOf(model.weightsOf(training.params)));
 * training.dispose();
 */
export function subnetwork(model: Layer, gating: Gating, prunable: Prunable = kernelsOnly): Subnetwork {
  const {name} = gating;
  const inside = {layer: model, name: "weights", index: 0};
  const leavesOf = (weights: Params) => weightsOf(weights, prunable, name);
  const replaced = (weights: Params, leaves: Leaves) =>
    map((leaf: Tensor, path) => leaves[path] ?? leaf, weights);
  const trained = ({weights, gates}: SubnetworkParams, context: Context) => {
    const path = context.path ?? name;
    const {step, key} = stepOf(context, path);
    context.setState?.(path, {step: tf.add(step, 1)});
    return replaced(weights, gating.training(leavesOf(weights), gates, {step, key}));
  };
  const final = ({weights, gates}: SubnetworkParams) =>
    replaced(weights, gating.final(leavesOf(weights), gates));
  return {
    name,
    init(key, inputShape, path) {
      return tidy(() => {
        const weights = initChild(inside, key, inputShape, path);
        return {weights, gates: gating.init?.(leavesOf(weights), key.fold(1)) ?? {}};
      });
    },
    apply: (params, x, context) =>
      inScope(context, (inner) =>
        applyChild(inside, inner?.training ? trained(params, inner) : final(params), x, inner)
      ),
    weightsOf: (params) => tidy(() => clone(final(params))),
    initState: () => ({step: tf.scalar(0)}),
    children: (inputShape: Shape) => [{...inside, inputShape}],
    ...(model.outputShape && {outputShape: model.outputShape})
  };
}

function stepOf({state, key}: Context, path: string): StepOfTraining {
  const own = state?.[path] as {step: Tensor} | undefined;
  if (!own || !key)
    throw new ArgumentError(
      `${path} needs its state and a key while training: use fit, or pass {training: true, key, state: initState(model, inputShape), setState}.`
    );
  return {step: own.step, key};
}

/** The share of `steps` that is over, 0 to 1, of a step on the device. */
export function shareOver(step: Tensor, start: number, end: number): Tensor {
  return tf.clipByValue(tf.div(tf.sub(tf.add(step, 1), start), end - start), 0, 1);
}
