// Scores of experts: what is smallest is pruned first.
import {ArgumentError} from "../../core/errors.ts";
import {type Key, key as keyOf} from "../../core/key.ts";
import type {Layer, Shape} from "../../core/layer.ts";
import {entries, type Params} from "../../core/tree.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import type {MoeLayer} from "../moe.ts";
import {inputShapeOf, moeParamsAt, moePlaces, type Place} from "./layers.ts";
import {expertAxes} from "./prune-experts.ts";
import type {LayerRouting} from "./routing-report.ts";

/** A number for each expert of each mixture, by the mixture's path. */
export type ExpertScores = Readonly<Record<string, Float32Array>>;

export interface ExpertScoreOptions {
  /** The shape of one example; an mlp tells it itself. */
  inputShape?: Shape;
}

/**
 * How much the norm of each expert's vector in the router has changed in fine-tuning, |w_after| - |w_before| (Chowdhury et al.
 * 2024): experts with the smallest change matter least to the new task, and dropping them first keeps accuracy provably, for
 * the model of that paper. Norms that shrink count as less than those that stay. Throws an ArgumentError for routers that have no
 * vector for each expert.
 *
 * @example
 * import {key} from "petri/core";
 * import {mlpExpert, moe, pruneExperts, routerNormChange, topKRouter} from "petri/moe";
 *
 * const model = moe({experts: 6, router: topKRouter({k: 2}), expert: mlpExpert({hidden: 8})});
 * const [before, after] = [model.init(key(0), [4]), model.init(key(1), [4])];
 * const scores = await routerNormChange(model, before, after, {inputShape: [4]});
 * display(scores);
 * display(pruneExperts(model, after, scores, {keep: 3, inputShape: [4]}).kept);
 */
export async function routerNormChange(
  model: Layer,
  before: Params,
  after: Params,
  options: ExpertScoreOptions = {}
): Promise<ExpertScores> {
  const [old, now] = await Promise.all([
    routerNorm(model, before, options),
    routerNorm(model, after, options)
  ]);
  const change = (path: string) =>
    (now[path] as Float32Array).map((norm, e) => norm - ((old[path] as Float32Array)[e] as number));
  return Object.fromEntries(Object.keys(now).map((path) => [path, change(path)]));
}

/** The norm of each expert's vector in the router. Throws an ArgumentError for routers that have no vector for each expert. */
export function routerNorm(
  model: Layer,
  params: Params,
  options: ExpertScoreOptions = {}
): Promise<ExpertScores> {
  return scoresOf(model, options, ({path, layer}) => {
    const {kernel} = moeParamsAt(params, path).router as {kernel?: Tensor};
    if (kernel?.rank !== 2 || kernel.shape[1] !== layer.options.experts)
      throw new ArgumentError(
        `The router ${layer.options.router.name} at ${path || "moe"} has no vector for each expert, a kernel [features, ${layer.options.experts}]: score its experts by expertLoad or expertNorm.`
      );
    return tf.norm(kernel, 2, 0);
  });
}

/** The norm of each expert's own weights; what experts share does not count. */
export function expertNorm(
  model: Layer,
  params: Params,
  options: ExpertScoreOptions = {}
): Promise<ExpertScores> {
  return scoresOf(model, options, ({path, layer, inputShape}) => {
    const {experts, expert} = layer.options;
    const features = inputShape.at(-1) as number;
    const axes = expertAxes((count) => expert.init(keyOf(0), {features, experts: count}), experts);
    const squares = entries<Tensor>(moeParamsAt(params, path).experts)
      .filter((each) => axes.get(each.path) === 0)
      .map(({leaf}) => tf.sum(tf.reshape(tf.square(leaf), [experts, -1]), 1));
    return tf.sqrt(tf.addN(squares));
  });
}

/** The share of all choices that each expert has, from `routingReport`. */
export const expertLoad = (report: readonly LayerRouting[]): ExpertScores =>
  Object.fromEntries(report.map(({path, load}) => [path, Float32Array.from(load)]));

/** A random number for each expert: what any score must beat. */
export function randomExpertScores(
  model: Layer,
  key: Key,
  {inputShape}: ExpertScoreOptions = {}
): ExpertScores {
  return Object.fromEntries(
    moePlaces(model, inputShapeOf(model, inputShape)).map(({path, layer}, at) => [
      path,
      Float32Array.from(key.fold(at).permutation(layer.options.experts))
    ])
  );
}

async function scoresOf(
  model: Layer,
  {inputShape}: ExpertScoreOptions,
  score: (place: Place<MoeLayer>) => Tensor
): Promise<ExpertScores> {
  const places = moePlaces(model, inputShapeOf(model, inputShape));
  const scores = tidy(() => places.map((place) => [place.path, score(place)] as const));
  try {
    const read = async ([path, each]: readonly [string, Tensor]) =>
      [path, Float32Array.from(await each.data())] as const;
    return Object.fromEntries(await Promise.all(scores.map(read)));
  } finally {
    tf.dispose(scores.map(([, each]) => each));
  }
}
