import {ArgumentError, checkCount, checkOptions} from "../../core/errors.ts";
import {type Key, key as keyOf} from "../../core/key.ts";
import type {Layer} from "../../core/layer.ts";
import {dense} from "../../core/layers/dense.ts";
import {clone, type Params} from "../../core/tree.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {moe} from "../moe.ts";
import {checkWord, type Known} from "../options.ts";
import {productFlops} from "../routers/logits.ts";
import type {Router} from "../routing.ts";
import {carved, carvedExperts, carvedRouter, checkDivides, type Profile} from "./carve.ts";
import {balancedClusters, groupsOf, meansOf, type Rows, someRows, swapped, transposed} from "./clusters.ts";
import {FFN_OPTIONS, type FfnOptions, type FfnsReplaced} from "./ffn.ts";
import {scoreFlops, scoreNetwork, trainScores} from "./score-network.ts";
import {expertOf} from "./upcycle.ts";

/** How hidden units are divided among experts. */
export type MoefySplit = "clusters" | "coactivation" | "random";

export interface MoefyOptions extends FfnOptions {
  /** Experts that each feed-forward part is divided into; they must divide its hidden units. */
  experts: number;
  /** Experts that compute each token. */
  k: number;
  /**
   * By balanced k-means on the weights of each hidden unit ("clusters"), by which units are active together ("coactivation", the
   * default), or by chance ("random").
   */
  split?: MoefySplit;
  /**
   * A small network trained to tell the experts of most activity ("mlp", the default), the similarity of a token with the mean
   * weights of each expert ("similarity"), or the activity itself ("oracle"), which costs as much as it saves and is the bound.
   */
  router?: "mlp" | "similarity" | "oracle";
  /** Hidden units of the small network; twice the experts by default. */
  routerHidden?: number;
  /** Steps of its training, 300 by default. */
  routerSteps?: number;
  /** Source of clusters and routers, key(0) by default. */
  key?: Key;
}

const OPTIONS: Known<MoefyOptions> = {
  experts: true,
  k: true,
  split: true,
  router: true,
  routerHidden: true,
  routerSteps: true,
  key: true,
  ...FFN_OPTIONS
};

/**
 * MoEfication (Zhang et al. 2022): divides the hidden units of trained feed-forward parts into experts of equal size, and lets a
 * router choose k of them for each token, so that so many shares of the work are done. Chosen experts are added up with weight
 * 1: with all of them the network computes what it did. `x` is a batch of the network's inputs, [batch, ...inputShape], from
 * which co-activation and router are learned; a few hundred tokens do. Meant for activations that are zero for many units, as ReLU is.
 * Throws an ArgumentError for experts that do not divide the hidden units, and where the network has no such part.
 *
 * @example
 * import {key, mlp, random} from "petri/core";
 * import {moefy} from "petri/moe";
 *
 * const model = mlp([8, 64, 4]);
 * const params = model.init(key(0));
 * const x = random.normal(key(1), [256, 8]);
 * const sparse = await moefy(model, params, x, {experts: 8, k: 2});
 * const [all, some] = [model.apply(params, x), sparse.model.apply(sparse.params, x)];
 * display({meanSquareLeft: all.sub(some).square().mean().div(all.square().mean()).arraySync()});
 */
export function moefy(model: Layer, params: Params, x: Tensor, options: MoefyOptions): Promise<FfnsReplaced> {
  checkOptions("moefy", options, OPTIONS);
  const {experts, k, split = "coactivation", router = "mlp", key = keyOf(0)} = options;
  for (const [name, count] of Object.entries({experts, k})) checkCount(name, count);
  if (k > experts)
    throw new ArgumentError(`k is ${k}, but there are ${experts} experts. Pass 1 to ${experts}.`);
  checkWord("split", split, Object.keys(SPLITS));
  checkWord("router", router, Object.keys(ROUTERS));
  checkCount("routerHidden", options.routerHidden ?? 1);
  checkCount("routerSteps", options.routerSteps ?? 1);
  return carved(model, params, x, {...options, key}, async (profile) => {
    const {ffn} = profile;
    checkDivides(ffn, experts, "experts");
    const groups = groupsOf(await SPLITS[split](profile, experts), experts);
    const made = await ROUTERS[router](profile, groups, options);
    const layer = moe({experts, router: made.router, expert: expertOf(ffn, ffn.hidden / experts)});
    return {
      layer: layer as Layer,
      params: {router: made.params, experts: carvedExperts(ffn, groups, 1 / k)} as Params
    };
  });
}

type Split = (profile: Profile, experts: number) => Promise<Int32Array>;

/** The weights of each hidden unit's inputs, [hidden, features]. */
async function inputWeights({ffn}: Profile): Promise<Rows> {
  const {first, features, hidden} = ffn;
  return transposed({values: await first.kernel.data(), rows: features, columns: hidden});
}

/** How much each pair of hidden units is active together, [hidden, hidden]: the sum over tokens of the product of both. */
async function coactivation({hidden}: Profile): Promise<Rows> {
  const units = hidden.shape[1] as number;
  const products = tidy(() => {
    const active = tf.relu(hidden);
    return tf.matMul(active, active, true, false);
  });
  try {
    return {values: await products.data(), rows: units, columns: units};
  } finally {
    products.dispose();
  }
}

const SPLITS: Readonly<Record<MoefySplit, Split>> = {
  clusters: async (profile, experts) => {
    const weights = await inputWeights(profile);
    return balancedClusters(weights, experts, someRows(profile.key, weights.rows, experts));
  },
  coactivation: async (profile, experts) => {
    const together = await coactivation(profile);
    const start = balancedClusters(together, experts, someRows(profile.key, together.rows, experts));
    return swapped(together, start, experts);
  },
  random: async ({ffn, key}, experts) => key.permutation(ffn.hidden).map((place) => place % experts)
};

type MakeRouter = (
  profile: Profile,
  groups: readonly (readonly number[])[],
  options: MoefyOptions
) => Promise<{router: Router; params: Params}>;

/** [hidden, experts]: one where a unit is of an expert. */
const membership = (groups: readonly (readonly number[])[], hidden: number): Tensor => {
  const values = new Float32Array(hidden * groups.length);
  groups.forEach((units, e) => {
    for (const unit of units) values[unit * groups.length + e] = 1;
  });
  return tf.tensor2d(values, [hidden, groups.length]);
};

const ROUTERS: Readonly<Record<"mlp" | "similarity" | "oracle", MakeRouter>> = {
  similarity: async (profile, groups, {k}) => {
    const weights = await inputWeights(profile);
    const cluster = new Int32Array(weights.rows);
    groups.forEach((units, e) => {
      for (const unit of units) cluster[unit] = e;
    });
    const means = meansOf(weights, cluster, groups.length);
    const kernel = tidy(() => {
      const rows = tf.tensor2d(Float32Array.from(means), [groups.length, weights.columns]);
      return tf.transpose(tf.div(rows, tf.add(tf.norm(rows, 2, 1, true), 1e-12)));
    });
    return {router: byProduct("similarityRouter", k), params: {kernel}};
  },
  oracle: async ({ffn}, groups, {k}) => {
    const {first, hidden, activation} = ffn;
    const layer = dense({units: hidden, activation, useBias: !!first.bias});
    const own = clone(first as Params);
    const router = carvedRouter({
      name: "oracleRouter",
      k,
      flops: ({features}) => 2 * hidden * (features + groups.length),
      init: (key, {features}) => ({...layer.init(key, [features]), member: membership(groups, hidden)}),
      scores: (params, x) => {
        const {member, ...rest} = params as {member: Tensor; kernel: Tensor};
        return tf.matMul(tf.relu(layer.apply(rest, x)), member);
      }
    });
    return {router, params: {...(own as object), member: membership(groups, hidden)} as Params};
  },
  mlp: async (profile, groups, options) => {
    const {ffn, x, hidden, key} = profile;
    const experts = groups.length;
    const {k, routerHidden = 2 * experts, routerSteps = 300} = options;
    const network = scoreNetwork(routerHidden, experts);
    const router = carvedRouter({
      name: "mlpRouter",
      k,
      flops: (shape) => scoreFlops(routerHidden, shape),
      init: (key, {features}) => network.init(key, [features]),
      scores: (params, x) => network.apply(params as Record<string, Params>, x)
    });
    const shares = tidy(() => {
      const sums = tf.matMul(tf.relu(hidden), membership(groups, ffn.hidden));
      return tf.div(sums, tf.add(tf.sum(sums, 1, true), 1e-12));
    });
    const how = {x, shares, hidden: routerHidden, steps: routerSteps, key: key.fold(1)};
    const params = await trainScores(how).finally(() => shares.dispose());
    return {router, params};
  }
};

/** The experts of largest product with a token, [features, experts]. */
function byProduct(name: string, k: number): Router {
  return carvedRouter({
    name,
    k,
    flops: productFlops,
    init: (key, {features, experts}) => ({
      kernel: dense({units: experts, useBias: false}).init(key, [features]).kernel
    }),
    scores: (params, x) => tf.matMul(x, (params as {kernel: Tensor}).kernel)
  });
}
