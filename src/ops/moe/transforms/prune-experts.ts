import {ArgumentError, checkCount, checkOptions} from "../../core/errors.ts";
import {key as keyOf} from "../../core/key.ts";
import type {Layer, ModelState, Shape} from "../../core/layer.ts";
import {entries, map, type Params} from "../../core/tree.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {type MoeLayer, moe} from "../moe.ts";
import {checkWord} from "../options.ts";
import type {ExpertScores} from "./expert-scores.ts";
import {inputShapeOf, moeParamsAt, moePlaces, type Network, type Place, replaceMoes} from "./layers.ts";

export interface PruneExpertsOptions {
  /** How many experts stay in each mixture, or in the mixture at each path. */
  keep: number | Readonly<Record<string, number>>;
  /** "layer" (the default): so many in every mixture. "all": so many on average, the best of all mixtures by their scores. */
  scope?: "layer" | "all";
  /** The shape of one example; an mlp tells it itself. */
  inputShape?: Shape;
  /** What routers keep from step to step: `training.state.modelState`. */
  modelState?: ModelState;
}

/** A network with fewer experts. The caller owns the tensors. */
export interface PrunedExperts extends Network {
  /** The experts that stayed, by the mixture's path. */
  kept: Record<string, number[]>;
  modelState: Record<string, Params>;
}

/**
 * Takes the experts with the smallest scores out of every mixture of a network, with their entries in the router: the rest are
 * chosen from as before. Scores come from routerNormChange, expertLoad and others, or are any numbers by path. At least k experts
 * of a router that chooses k stay. Throws an ArgumentError for a number to keep that is out of range, scores that do not fit, and routers
 * that do not know their experts by an axis of their parameters (hash routers).
 *
 * @example
 * import {key, tree} from "petri/core";
 * import {mlpExpert, moe, pruneExperts, randomExpertScores, topKRouter} from "petri/moe";
 *
 * const model = moe({experts: 8, router: topKRouter({k: 2}), expert: mlpExpert({hidden: 8})});
 * const scores = randomExpertScores(model, key(1), {inputShape: [4]});
 * const small = pruneExperts(model, model.init(key(0), [4]), scores, {keep: 3, inputShape: [4]});
 * display(small.kept);
 * display(tree.entries(small.params).map(({path, leaf}) => `${path} ${leaf.shape.join(" x ")}`));
 */
export function pruneExperts(
  model: Layer,
  params: Params,
  scores: ExpertScores,
  options: PruneExpertsOptions
): PrunedExperts {
  checkOptions("pruneExperts", options, {keep: true, scope: true, inputShape: true, modelState: true});
  const inputShape = inputShapeOf(model, options.inputShape);
  const places = moePlaces(model, inputShape);
  for (const place of places) checkScores(place, scores);
  const kept = choose(places, scores, options);
  const {modelState = {}} = options;
  return tidy(() => {
    const smaller = places.map(
      (place) => [place.path, withExperts(place, params, kept[place.path] as number[])] as const
    );
    const states = Object.entries(modelState).map(([path, state]) => {
      const place = places.find((each) => path === statePath(each));
      return [path, place ? keptState(place, state, kept[place.path] as number[]) : cloned(state)] as const;
    });
    return {
      ...replaceMoes({model, params}, inputShape, new Map(smaller)),
      kept,
      modelState: Object.fromEntries(states)
    };
  });
}

const cloned = (state: Params): Params => map((leaf: Tensor) => leaf.clone(), state);

/** Where a mixture keeps its state. */
const statePath = ({path, layer}: Place<MoeLayer>) => path || layer.name;

/** A mixture with some of its experts. */
function withExperts(place: Place<MoeLayer>, params: Params, kept: readonly number[]) {
  const {path, layer, inputShape} = place;
  const {options} = layer;
  const own = moeParamsAt(params, path);
  const features = inputShape.at(-1) as number;
  if (options.expert.name === "nestedExpert")
    throw new ArgumentError(
      `The experts of the mixture at "${statePath(place)}" are parts of one network, so that none can be taken out: make one with fewer shares.`
    );
  const all = expertAxes((experts) => options.expert.init(keyOf(0), {features, experts}), options.experts);
  const smaller = moe({...options, experts: kept.length});
  // Groups may not divide those that are left: its router knows.
  smaller.init(keyOf(0), inputShape, statePath(place));
  return {
    layer: smaller as Layer,
    params: {
      router: taken(own.router, routerAxes(place), kept),
      experts: taken(own.experts, all, kept),
      ...(own.shared && {shared: cloned(own.shared)})
    } as Params
  };
}

/** Which axes of a router's parameters are over experts. Throws an ArgumentError where none is. */
export function routerAxes(place: Place<MoeLayer>): Map<string, number> {
  const {router, experts} = place.layer.options;
  const features = place.inputShape.at(-1) as number;
  const axes = expertAxes((count) => router.init(keyOf(0), {features, experts: count}), experts);
  if (axes.size > 0) return axes;
  throw new ArgumentError(
    `The router ${router.name} at ${statePath(place)} has no parameters for each expert, so that none can be taken out: use one that is trained, such as topKRouter.`
  );
}

function keptState({layer, inputShape}: Place<MoeLayer>, state: Params, kept: readonly number[]): Params {
  const init = (experts: number) => moe({...layer.options, experts}).initState?.(inputShape, keyOf(0)) ?? {};
  return taken(state, expertAxes(init, layer.options.experts), kept);
}

/**
 * Which axis of each parameter is over experts, by path: the one that is as long as there are experts, and as long as twice as many
 * where there are those. Twice as many can be divided into as many groups, and an axis that merely depends on their number is none.
 */
export function expertAxes(init: (experts: number) => Params, experts: number): Map<string, number> {
  return tidy(() => {
    const more = new Map(entries<Tensor>(init(2 * experts)).map(({path, leaf}) => [path, leaf.shape]));
    return new Map(
      entries<Tensor>(init(experts)).flatMap(({path, leaf}) => {
        const axis = leaf.shape.findIndex((size, i) => size === experts && more.get(path)?.[i] === 2 * size);
        return axis < 0 ? [] : [[path, axis] as const];
      })
    );
  });
}

/** The entries of some experts. */
export function taken(params: Params, axes: ReadonlyMap<string, number>, kept: readonly number[]): Params {
  const at = tf.tensor1d(Int32Array.from(kept), "int32");
  return map((leaf: Tensor, path) => {
    const axis = axes.get(path);
    return axis === undefined ? leaf.clone() : tf.gather(leaf, at, axis);
  }, params);
}

function checkScores({path, layer}: Place<MoeLayer>, scores: ExpertScores): void {
  const own = scores[path];
  const {experts} = layer.options;
  if (own?.length !== experts)
    throw new ArgumentError(
      `The mixture at "${path}" has ${experts} experts, the scores have ${own ? own.length : "none"} for it: pass a number for each, {"${path}": [...]}.`
    );
  if (own.some((score) => Number.isNaN(score)))
    throw new ArgumentError(`The scores of "${path}" have a NaN: pass numbers only.`);
}

/** The experts that stay, in order. */
function choose(
  places: readonly Place<MoeLayer>[],
  scores: ExpertScores,
  {keep, scope = "layer"}: PruneExpertsOptions
): Record<string, number[]> {
  checkWord("scope", scope, ["layer", "all"]);
  const ranked = places.map(({path, layer}) => {
    const own = scores[path] as Float32Array;
    const order = [...own.keys()].sort((a, b) => (own[b] as number) - (own[a] as number));
    const count = typeof keep === "number" ? keep : (keep[path] ?? layer.options.experts);
    checkKept({path, layer}, count);
    return {path, own, order, count, least: layer.options.router.k ?? 1};
  });
  const sorted = (experts: number[]) => experts.sort((a, b) => a - b);
  if (scope === "layer")
    return Object.fromEntries(ranked.map(({path, order, count}) => [path, sorted(order.slice(0, count))]));
  const total = ranked.reduce((sum, {count}) => sum + count, 0);
  const sure = ranked.map(({path, order, least}) => [path, order.slice(0, least)] as const);
  const free = ranked.flatMap(({path, own, order, least}) =>
    order.slice(least).map((expert) => ({path, expert, score: own[expert] as number}))
  );
  free.sort((a, b) => b.score - a.score);
  const chosen = Object.fromEntries(sure);
  const left = total - sure.reduce((sum, [, experts]) => sum + experts.length, 0);
  for (const {path, expert} of free.slice(0, left)) chosen[path]?.push(expert);
  return Object.fromEntries(Object.entries(chosen).map(([path, experts]) => [path, sorted(experts)]));
}

function checkKept({path, layer}: Pick<Place<MoeLayer>, "path" | "layer">, count: number): void {
  checkCount("keep", count);
  const {experts, router} = layer.options;
  const least = router.k ?? 1;
  if (count < least || count > experts)
    throw new ArgumentError(
      `keep is ${count} for the mixture at "${path}", whose router chooses ${least} of ${experts} experts: pass ${least} to ${experts}.`
    );
}
