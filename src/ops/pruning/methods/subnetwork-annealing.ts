import {ArgumentError, checkCount, checkNumber} from "../../core/errors.ts";
import type {Layer} from "../../core/layer.ts";
import {uniform} from "../../core/random.ts";
import {entries} from "../../core/tree.ts";
import {type Tensor, tf} from "../../tf.ts";
import type {Masks} from "../masks.ts";
import {type Leaves, mapLeaves} from "../updaters/sparse-state.ts";
import {type Subnetwork, shareOver, subnetwork} from "./subnetwork.ts";

export interface AnnealingOptions {
  /** The subnetwork to end with. They stay the caller's, who frees them after the training. */
  masks: Masks;
  /** Steps until the masks are what they were given as; fewer than the training has. */
  steps: number;
  /**
   * "temperature": every removed weight has the chance `start` to be there at first. "random": every weight, kept ones too, has a chance
   * of its own, drawn between 0 and 1. Temperature by default.
   */
  kind?: "temperature" | "random";
  /** Temperature annealing: the first chance of removed weights, 0.5 by default. */
  start?: number;
  /** How the chances go to those of the masks: in a straight line, or by a cosine (the default). */
  shape?: "linear" | "cosine";
}

/**
 * Stochastic subnetwork annealing (Whitaker & Whitley 2024): fine-tuning a pruned network in which, at first, removed weights take
 * part by chance. Each training step draws a mask; the chances move from their first values to 0 (removed) and 1 (kept), and from
 * `steps` on the mask is that of the subnetwork. Start from the weights before pruning: `fit(model, data, {params: {weights, gates: {}}})`.
 * Evaluation is always that of the subnetwork, `weightsOf` gives its weights.
 *
 * @example
 * import {fit, key, mlp} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 * import {annealedSubnetwork, prune, sparsityOf} from "petri/pruning";
 *
 * const dense = mlp([2, 64, 2]);
 * const weights = dense.init(key(0));
 * const model = annealedSubnetwork(dense, {masks: await prune(weights, {sparsity: 0.9}), steps: 80});
 * const training = fit(model, twoMoons({n: 200}), {params: {weights, gates: {}}, steps: 120});
 * for await (const row of training);
 * display(await sparsityOf(model.weightsOf(training.params)));
 * training.dispose();
 */
export function annealedSubnetwork(model: Layer, options: AnnealingOptions): Subnetwork {
  const {masks, steps, kind = "temperature", start = 0.5, shape = "cosine"} = options;
  checkCount("steps", steps);
  checkNumber("start", start, 0, 1);
  if (kind !== "temperature" && kind !== "random")
    throw new ArgumentError(`kind must be "temperature" or "random", got ${JSON.stringify(kind)}.`);
  if (shape !== "linear" && shape !== "cosine")
    throw new ArgumentError(`shape must be "linear" or "cosine", got ${JSON.stringify(shape)}.`);
  const byPath = Object.fromEntries(
    entries<Tensor | null>(masks).flatMap(({path, leaf}) => (leaf ? [[path, leaf]] : []))
  ) as Leaves;
  const masked = (weights: Leaves, maskOf: (mask: Tensor, path: string) => Tensor) =>
    mapLeaves(weights, (weight, path) => tf.mul(weight, maskOf(byPath[path] as Tensor, path)));
  return subnetwork(
    model,
    {
      name: "annealedSubnetwork",
      init(weights, key) {
        if (kind === "temperature") return {};
        const paths = Object.keys(weights);
        return Object.fromEntries(
          paths.map((path, i) => [path, uniform(key.fold(i), (weights[path] as Tensor).shape)])
        );
      },
      training(weights, gates, {step, key}) {
        const over = shareOver(step, 0, steps);
        const left =
          shape === "linear" ? tf.sub(1, over) : tf.div(tf.add(1, tf.cos(tf.mul(over, Math.PI))), 2);
        const paths = Object.keys(weights);
        return masked(weights, (mask, path) => {
          const first = firstChances(mask, gates[path], {kind, start, path});
          const chance = tf.add(mask, tf.mul(left, tf.sub(first, mask)));
          const draw = uniform(key.fold(paths.indexOf(path)), mask.shape);
          return tf.cast(tf.less(draw, chance), "float32");
        });
      },
      final: (weights) => masked(weights, (mask) => mask)
    },
    (path) => path in byPath
  );
}

function firstChances(
  mask: Tensor,
  drawn: Tensor | undefined,
  {kind, start, path}: {kind: "temperature" | "random"; start: number; path: string}
): Tensor {
  if (kind === "temperature") return tf.add(tf.mul(mask, 1 - start), start);
  if (drawn) return drawn;
  throw new ArgumentError(
    `Random annealing has no first chances for ${path}: pass {weights, gates: model.init(key(0), inputShape).gates}.`
  );
}
