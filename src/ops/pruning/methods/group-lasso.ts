import {ArgumentError, checkNumber} from "../../core/errors.ts";
import type {Optimizer} from "../../core/optimizers/optimizer.ts";
import {entries, map, type Params, unflatten} from "../../core/tree.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {kernelsOnly, type Masks, type Prunable} from "../masks.ts";

/**
 * What goes together in a kernel [..., in, out]: "filters" are slices of the last axis (neurons), "channels" of the last but one,
 * "shapes" the weights of all filters at one place and channel, "layers" the whole parameter, so that residual branches can go.
 */
export type GroupKind = "filters" | "channels" | "shapes" | "layers";

export interface GroupLassoOptions {
  /** The penalty's weight for each kind of group, 0 or more: {filters: 1e-3, channels: 1e-3}. */
  strengths: Readonly<Partial<Record<GroupKind, number>>>;
  /** Which parameters are taken; those of rank 2 and more by default. */
  prunable?: Prunable;
}

/** The axes of a kernel over which a group stretches. */
const AXES: Readonly<Record<GroupKind, (rank: number) => number[]>> = {
  filters: (rank) => [...Array(rank - 1).keys()],
  channels: (rank) => [...Array(rank).keys()].filter((axis) => axis !== rank - 2),
  shapes: (rank) => [rank - 1],
  layers: (rank) => [...Array(rank).keys()]
};

/**
 * Structured sparsity learning (Wen et al. 2016): adds the gradient of strength x the sum of the groups' L2 norms, w / |group|, to the gradients, 0 for a
 * group of zeros. Put it before the optimizer: chain(groupLasso({strengths: {filters: 1e-3}}), sgd(...)). Then groups near zero go
 * (`smallGroups`), `shrink` takes them out, and the rest is trained on without the penalty.
 *
 * @example
 * import {chain, fit, mlp, sgd} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 * import {groupLasso, shrink, smallGroups} from "petri/pruning";
 *
 * const model = mlp([2, 64, 2]);
 * const hidden = (path) => path === "dense1/kernel";
 * const optimizer = chain(groupLasso({strengths: {filters: 0.02}, prunable: hidden}), sgd({learningRate: 0.2}));
 * const training = fit(model, twoMoons({n: 200}), {steps: 300, optimizer});
 * for await (const row of training);
 * const masks = smallGroups(training.params, {threshold: 0.05, prunable: hidden});
 * display((await shrink(model, training.params, masks)).kept);
 * training.dispose();
 */
export function groupLasso(options: GroupLassoOptions): Optimizer {
  const {strengths, prunable = kernelsOnly} = options;
  const kinds = Object.entries(strengths) as [GroupKind, number][];
  for (const [kind, strength] of kinds) checkNumber(`The strength of ${checkedKind(kind)}`, strength, 0);
  if (kinds.length === 0)
    throw new ArgumentError("groupLasso needs a strength: pass {strengths: {filters: 1e-3}}.");
  const penalised = (grad: Tensor, path: string, param: Tensor | undefined) => {
    const weight = param as Tensor;
    if (!prunable(path, weight)) return grad;
    const pulls = kinds.map(([kind, strength]) => tf.mul(strength, direction(weight, kind)));
    return tf.addN([grad, ...pulls]);
  };
  return {
    init: () => [],
    update: (grads, state, params) => tidy(() => ({updates: map(penalised, grads, params) as Params, state}))
  };
}

/** The gradient of the sum of the norms of a kernel's groups. */
function direction(weight: Tensor, kind: GroupKind): Tensor {
  const norms = tf.sqrt(tf.sum(tf.square(weight), AXES[kind](weight.rank), true));
  return tf.div(weight, tf.maximum(norms, 1e-12));
}

/**
 * Masks that prune the groups whose root mean square is at most `threshold`, 0 (exactly zero) by default. What is not prunable has no mask. The caller owns them.
 */
export function smallGroups(
  params: Params,
  options: {kind?: GroupKind; threshold?: number; prunable?: Prunable} = {}
): Masks {
  const {kind = "filters", threshold = 0, prunable = kernelsOnly} = options;
  checkedKind(kind);
  checkNumber("threshold", threshold, 0);
  const maskOf = (weight: Tensor) => {
    const spread = tf.sqrt(tf.mean(tf.square(weight), AXES[kind](weight.rank), true));
    return tf.mul(tf.onesLike(weight), tf.cast(tf.greater(spread, threshold), "float32"));
  };
  return unflatten(
    params,
    entries<Tensor>(params).map(({path, leaf}) => (prunable(path, leaf) ? tidy(() => maskOf(leaf)) : null))
  );
}

function checkedKind(kind: GroupKind): GroupKind {
  if (Object.hasOwn(AXES, kind)) return kind;
  throw new ArgumentError(
    `Groups are ${Object.keys(AXES).join(", ")}; there is no kind ${JSON.stringify(kind)}.`
  );
}
