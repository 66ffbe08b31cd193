import {ArgumentError, checkCount, checkNumber, checkOptions} from "../../core/errors.ts";
import {type Key, key as keyOf} from "../../core/key.ts";
import type {Context, Layer} from "../../core/layer.ts";
import {dense} from "../../core/layers/dense.ts";
import type {Params} from "../../core/tree.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {choiceCounts} from "../capacity.ts";
import {moe} from "../moe.ts";
import type {Known} from "../options.ts";
import {productFlops} from "../routers/logits.ts";
import type {Router} from "../routing.ts";
import {carved, carvedExperts, carvedRouter, checkDivides, type Profile} from "./carve.ts";
import {balancedClusters, groupsOf, meansOf, type Rows, squaredDistances} from "./clusters.ts";
import {FFN_OPTIONS, type Ffn, type FfnOptions, type FfnsReplaced} from "./ffn.ts";
import {expertOf} from "./upcycle.ts";

export interface CmoeOptions extends FfnOptions {
  /** Routed experts. */
  experts: number;
  /** How many times as large the shared expert is as a routed one, 1 by default; with the routed ones it must divide the hidden units. */
  shared?: number;
  /** Routed experts that compute each token. */
  k: number;
  /** The share of a token's hidden units, those of largest size, that count as active; 0.1 by default. */
  active?: number;
  /** What a training step adds to the bias of an expert that had too little, and takes from one that had too much; 0.001 by default. */
  balance?: number;
  /** Source of the parameters of a fresh start, key(0) by default. */
  key?: Key;
}

const OPTIONS: Known<CmoeOptions> = {
  experts: true,
  shared: true,
  k: true,
  active: true,
  balance: true,
  key: true,
  ...FFN_OPTIONS
};

/**
 * CMoE (Pei et al. 2025): carves trained feed-forward parts into a shared expert of the hidden units that are active most often, and
 * routed experts of the rest, clustered by the tokens of a batch x of inputs that they are active for. The router is read off, not
 * trained: the unit nearest to the middle of each cluster speaks for its expert. It is compared by its sum before the activation, so that
 * there are no ties where ReLU is zero. An expert weighs 1 + scale * softmax(scores), its scale beginning at 0, which lets fine-tuning
 * reach the router; a bias for the choice alone keeps loads even meanwhile. With all experts the network computes what it did.
 * Throws an ArgumentError where experts do not divide the hidden units, or the network has no such part.
 *
 * @example
 * import {key, mlp, random} from "petri/core";
 * import {cmoe} from "petri/moe";
 *
 * const model = mlp([8, 64, 4]);
 * const params = model.init(key(0));
 * const x = random.normal(key(1), [256, 8]);
 * const sparse = await cmoe(model, params, x, {experts: 7, k: 3});
 * const [all, some] = [model.apply(params, x), sparse.model.apply(sparse.params, x)];
 * display({meanSquareLeft: all.sub(some).square().mean().div(all.square().mean()).arraySync()});
 */
export function cmoe(model: Layer, params: Params, x: Tensor, options: CmoeOptions): Promise<FfnsReplaced> {
  checkOptions("cmoe", options, OPTIONS);
  const {experts, shared = 1, k, active = 0.1, balance = 0.001, key = keyOf(0)} = options;
  for (const [name, count] of Object.entries({experts, shared, k})) checkCount(name, count);
  if (k > experts)
    throw new ArgumentError(`k is ${k}, but there are ${experts} routed experts. Pass 1 to ${experts}.`);
  checkNumber("active", active, 0, 1);
  checkNumber("balance", balance, 0);
  return carved(model, params, x, {...options, key}, async (profile) => {
    const {ffn} = profile;
    checkDivides(ffn, experts + shared, "experts and shared together");
    const size = ffn.hidden / (experts + shared);
    const activity = await activityOf(profile, active);
    const order = byRate(activity);
    const always = order.slice(0, shared * size);
    const {groups, spokesmen} = clustered(activity, order.slice(shared * size), experts);
    const layer = moe({
      experts,
      router: representativeRouter(ffn, {k, balance}),
      expert: expertOf(ffn, size),
      shared: {expert: expertOf(ffn, shared * size)}
    });
    return {
      layer: layer as Layer,
      params: {
        router: spokenFor(ffn, spokesmen),
        experts: carvedExperts(ffn, groups, 0),
        shared: carvedExperts(ffn, [always], 1)
      } as Params
    };
  });
}

/** Which hidden units are active for which tokens, [hidden, tokens]: of each token the share of largest size. */
async function activityOf({hidden, tokens}: Profile, active: number): Promise<Rows> {
  const sizes = (await hidden.data()).map(Math.abs);
  const units = hidden.shape[1] as number;
  const count = Math.max(1, Math.round(active * units));
  const values = new Uint8Array(units * tokens);
  for (let token = 0; token < tokens; ++token) {
    const own = sizes.subarray(token * units, (token + 1) * units);
    const order = [...own.keys()].sort((a, b) => (own[b] as number) - (own[a] as number));
    for (const unit of order.slice(0, count)) if (own[unit] !== 0) values[unit * tokens + token] = 1;
  }
  return {values, rows: units, columns: tokens};
}

/** The hidden units, those that are active most often first. */
function byRate({values, rows, columns}: Rows): number[] {
  const counts = Array.from({length: rows}, (_, unit) => {
    let count = 0;
    for (let token = 0; token < columns; ++token) count += values[unit * columns + token] as number;
    return count;
  });
  return [...counts.keys()].sort((a, b) => (counts[b] as number) - (counts[a] as number));
}

/** Units in balanced clusters of their activity, begun with those most active, and of each cluster the unit nearest to its mean. */
function clustered(activity: Rows, units: readonly number[], experts: number) {
  const {columns} = activity;
  const values = new Uint8Array(units.length * columns);
  units.forEach((unit, i) => {
    for (let t = 0; t < columns; ++t) values[i * columns + t] = activity.values[unit * columns + t] as number;
  });
  const points = {values, rows: units.length, columns};
  const cluster = balancedClusters(points, experts, [...Array(experts).keys()]);
  const distances = squaredDistances(points, meansOf(points, cluster, experts), experts);
  const members = groupsOf(cluster, experts);
  const spokesmen = members.map((own, e) =>
    own.reduce((best, i) =>
      (distances[i * experts + e] as number) < (distances[best * experts + e] as number) ? i : best
    )
  );
  const unitAt = (i: number) => units[i] as number;
  return {groups: members.map((own) => own.map(unitAt)), spokesmen: spokesmen.map(unitAt)};
}

/** The router's parameters: the weights of the unit that speaks for each expert, and scales of zero. */
function spokenFor({first}: Ffn, units: readonly number[]): Params {
  return tidy(() => {
    const at = tf.tensor1d(Int32Array.from(units), "int32");
    return {
      kernel: tf.gather(first.kernel, at, 1),
      ...(first.bias && {bias: tf.gather(first.bias, at)}),
      scale: tf.zeros([units.length])
    };
  });
}

type RepresentativeParams = {kernel: Tensor; bias?: Tensor; scale: Tensor};

function representativeRouter(
  {first}: Ffn,
  {k, balance}: Required<Pick<CmoeOptions, "k" | "balance">>
): Router {
  return carvedRouter({
    name: "representativeRouter",
    k,
    flops: productFlops,
    init: (key, {features, experts}) => ({
      ...(dense({units: experts, useBias: !!first.bias}).init(key, [features]) as object),
      scale: tf.zeros([experts])
    }),
    initState: ({experts}) => ({bias: tf.zeros([experts])}),
    scores: (params, x) => {
      const {kernel, bias} = params as RepresentativeParams;
      const sum = tf.matMul(x, kernel);
      return bias ? tf.add(sum, bias) : sum;
    },
    bias: biasIn,
    weigh: (params, scores) => tf.add(1, tf.mul(tf.softmax(scores), (params as RepresentativeParams).scale)),
    learn(choices, context) {
      const load = choiceCounts(choices);
      const step = tf.mul(tf.sign(tf.sub(tf.mean(load), load)), balance);
      const before = biasIn(context);
      return {bias: before ? tf.add(before, step) : step};
    }
  });
}

const biasIn = (context: Context | undefined): Tensor | undefined =>
  (context?.state?.[context.path ?? ""] as {bias?: Tensor} | undefined)?.bias;
