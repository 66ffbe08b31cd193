import {ArgumentError, checkNumber} from "../../core/errors.ts";
import type {Key} from "../../core/key.ts";
import type {Layer} from "../../core/layer.ts";
import {applyUpdates, type Optimizer} from "../../core/optimizers/optimizer.ts";
import {bernoulli} from "../../core/random.ts";
import {alignOutputs, taskOf} from "../../core/task.ts";
import {dispose, entries, map, type Params} from "../../core/tree.ts";
import type {Dataset} from "../../datasets/dataset.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {checkSparsity} from "../kept-counts.ts";
import {eachBatch} from "../scores/evidence.ts";

/** Two trainings of one network, and how their difference is thinned out. */
export interface DareOptions {
  /** Parameters before the fine-tuning. */
  base: Params;
  /** The chance of a difference to be dropped, in [0, 1). */
  rate: number;
  key: Key;
}

/**
 * DARE (Yu et al. 2024): every difference tuned - base is dropped with the chance `rate`, and those that stay are multiplied by `factor`, by
 * default 1 / (1 - rate), which keeps the mean; a number, or one by path. What is dropped depends on the key and the parameter's place alone. The caller owns the
 * parameters that come out.
 *
 * @example
 * import {key, mlp} from "petri/core";
 * import {dare} from "petri/pruning";
 *
 * const model = mlp([4, 8, 2]);
 * const [base, tuned] = [model.init(key(0)), model.init(key(1))];
 * const thin = dare(tuned, {base, rate: 0.9, key: key(2)});
 * display(thin.dense1.kernel.equal(base.dense1.kernel).sum().arraySync());
 */
export function dare<P extends Params>(
  tuned: P,
  options: DareOptions & {factor?: number | Readonly<Record<string, number>>}
): P {
  const {base, rate, key, factor = 1 / (1 - rate)} = options;
  checkSparsity(rate, "rate");
  const factorOf = (path: string) => {
    const own = typeof factor === "number" ? factor : factor[path];
    if (own === undefined) throw new ArgumentError(`factor has no number for "${path}".`);
    checkNumber(`The factor of ${path}`, own);
    return own;
  };
  return tidy(() => {
    const thinned = thinDeltas(tuned, {base, rate, key});
    return map(
      (leaf: Tensor, path, delta) => tf.add(leaf, tf.mul(delta as Tensor, factorOf(path))),
      base,
      thinned
    ) as P;
  });
}

/** The differences that stay, zeros for the others. */
function thinDeltas(tuned: Params, {base, rate, key}: DareOptions): Params {
  let index = 0;
  return map(
    (leaf: Tensor, _path, from) =>
      tf.mul(tf.sub(leaf, from as Tensor), bernoulli(key.fold(index++), 1 - rate, leaf.shape)),
    tuned,
    base
  );
}

export interface DarexOptions extends DareOptions {
  model: Layer;
  /** Rows to choose the factor by. */
  data: Dataset;
  /** "loss" compares with the rows' labels; "output" needs none: the mean squared distance to the tuned network's outputs. "loss" by default. */
  by?: "loss" | "output";
  /** A factor for every layer, chosen one after the other, instead of one for all. */
  perLayer?: boolean;
  /** Which factors are tried, as shares of 1 / (1 - rate): twelve from 1 down to 1 - rate, evenly in their logarithms, by default. */
  shares?: readonly number[];
  batchSize?: number;
}

/** DAREx's choice. The caller owns the parameters. */
export interface Darex<P extends Params> {
  params: P;
  /** By path: what the differences that stayed were multiplied by. */
  factors: Record<string, number>;
  /** The loss or distance with those factors, and with DARE's own. */
  value: number;
  plain: number;
}

/**
 * DAREx-q (Deng et al. 2024, "DARE the Extreme"): the differences that stay are multiplied by 1 / q with q above 1 - rate, because where nearly all are
 * dropped or they are large, 1 / (1 - rate) makes outputs vary too much. q is searched for: one for all, or one a layer in the order of the network,
 * by the loss of labelled rows or by the distance of outputs. The paper's analytic per-layer choice is left out. Never worse than DARE on the rows given.
 *
 * @example
 * import {fit, key, mlp} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 * import {darex} from "petri/pruning";
 *
 * const [network, data] = [mlp([2, 32, 2]), twoMoons({n: 200})];
 * const first = network.init(key(0));
 * const tuning = fit(network, data, {params: first, steps: 100});
 * for await (const row of tuning);
 * const found = await darex(tuning.params, {base: first, rate: 0.95, key: key(1), model: network, data});
 * display({factor: found.factors["dense1/kernel"], loss: found.value, withDare: found.plain});
 * tuning.dispose();
 */
export async function darex<P extends Params>(tuned: P, options: DarexOptions): Promise<Darex<P>> {
  const {base, rate, key, model, data, by = "loss", perLayer = false, batchSize} = options;
  checkSparsity(rate, "rate");
  if (by !== "loss" && by !== "output")
    throw new ArgumentError(`by must be "loss" or "output", got ${JSON.stringify(by)}.`);
  const {shares = sharesFor(rate)} = options;
  for (const share of shares) checkNumber("every share", share, 0);
  const plainFactor = 1 / (1 - rate);
  const paths = entries<Tensor>(tuned).map(({path}) => path);
  const factors = Object.fromEntries(paths.map((path) => [path, plainFactor]));
  const {loss} = taskOf(data);
  const measure = async (): Promise<number> => {
    const params = dare(tuned, {base, rate, key, factor: factors});
    const sums = eachBatch({data, ...(batchSize && {batchSize})}, (x, y, share) => {
      const out = model.apply(params, x, {training: false});
      const value =
        by === "loss"
          ? loss(alignOutputs(out, y), y)
          : tf.mean(tf.squaredDifference(out, model.apply(tuned, x, {training: false})));
      return tf.mul(value, share);
    });
    const total = tidy(() => tf.addN(sums));
    const [value = NaN] = await total.data();
    dispose([...sums, total, ...entries<Tensor>(params).map(({leaf}) => leaf)]);
    return value;
  };
  const plain = await measure();
  let best = plain;
  const layers = perLayer
    ? [...new Set(paths.map(layerOf))].map((layer) => paths.filter((path) => layerOf(path) === layer))
    : [paths];
  for (const layer of layers) {
    let chosen = plainFactor;
    for (const share of shares) {
      for (const path of layer) factors[path] = plainFactor * share;
      const value = await measure();
      if (value >= best) continue;
      best = value;
      chosen = plainFactor * share;
    }
    for (const path of layer) factors[path] = chosen;
  }
  return {params: dare(tuned, {base, rate, key, factor: factors}), factors, value: best, plain};
}

const layerOf = (path: string) => path.split("/").slice(0, -1).join("/");

/** From 1, evenly in the logarithm, down to 1 - rate, where the factor is 1. */
function sharesFor(rate: number): number[] {
  return Array.from({length: 12}, (_, i) => (1 - rate) ** ((i + 1) / 12));
}

/**
 * What makes deltas that can be dropped (DAREx-L2): every step of the optimizer also takes a share `pull` of the difference to the base away, as
 * AdamW's decoupled decay does with weights.
 *
 * @example
 * import {adam, fit, key, mlp} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 * import {stayNear} from "petri/pruning";
 *
 * const small = mlp([2, 16, 2]);
 * const before = small.init(key(0));
 * const near = fit(small, twoMoons(), {params: before, steps: 50, optimizer: stayNear(adam(), {base: before, pull: 0.01})});
 * for await (const row of near);
 * display(near.params.dense1.kernel.sub(before.dense1.kernel).abs().mean().arraySync());
 * near.dispose();
 */
export function stayNear(optimizer: Optimizer, options: {base: Params; pull: number}): Optimizer {
  const {base, pull} = options;
  checkNumber("pull", pull, 0, 1);
  const update: Optimizer["update"] = (grads, state, params) =>
    tidy(() => {
      const inner = optimizer.update(grads, state, params);
      const updates = map(
        (change: Tensor, _path, at, from) =>
          tf.sub(change, tf.mul(tf.sub(at as Tensor, from as Tensor), pull)),
        inner.updates,
        params,
        base
      );
      return {updates, state: inner.state};
    });
  return {
    ...optimizer,
    update,
    step: (grads, state, params) =>
      tidy(() => {
        const next = update(grads, state, params);
        return {params: applyUpdates(params, next.updates), state: next.state};
      })
  };
}
