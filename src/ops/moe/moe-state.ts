// What a mixture of experts keeps from step to step.
import type {Context} from "../core/layer.ts";
import {stopGradient} from "../core/stop-gradient.ts";
import type {Params} from "../core/tree.ts";
import {type Tensor, tf} from "../tf.ts";
import {choiceCounts} from "./capacity.ts";
import type {RoutingLosses} from "./losses/routing-losses.ts";
import type {MoeOptions} from "./moe.ts";
import type {RouterShape, Routing} from "./routing.ts";

/** The router's own state, counts that the global balance is taken from, and the last step's loads, as far as they are asked for. */
export type MoeState = {router?: Params; counts?: Tensor; load?: Tensor; dropped?: Tensor};

export const hasState = ({router, losses, track}: MoeOptions): boolean =>
  Boolean(router.initState || losses?.globalBalance || track);

/** The state before the first step. */
export function initMoeState({router, losses, track}: MoeOptions, shape: RouterShape): MoeState {
  return {
    ...(router.initState && {router: router.initState(shape)}),
    ...(losses?.globalBalance && {counts: tf.zeros([shape.experts])}),
    ...(track && {load: tf.zeros([shape.experts]), dropped: tf.scalar(0)})
  };
}

/** The context that the router of a layer sees: its own path and its own part of the state, and what it set. */
export function routerContext(context: Context | undefined, path: string) {
  const state = context?.state?.[path] as MoeState | undefined;
  const own = `${path}/router`;
  let moved: Params | undefined;
  const inner: Context = {
    ...context,
    path: own,
    state: state?.router ? {[own]: state.router} : {},
    ...(context?.setState && {setState: (_path: string, next: Params) => (moved = next)})
  };
  return {context: inner, state, moved: () => moved ?? state?.router};
}

/** Tokens of each expert over this batch and, fading, those before, [experts]. */
export function nextCounts(
  routing: Routing,
  state: MoeState | undefined,
  option: NonNullable<RoutingLosses["globalBalance"]>
): Tensor {
  const memory = (typeof option === "object" ? option.memory : undefined) ?? 0.9;
  const now = loadsOf(routing);
  return state?.counts ? stopGradient(tf.add(tf.mul(state.counts, memory), now)) : now;
}

/** The loads that are kept, and the share of choices that capacities dropped. */
export function trackedState(wanted: Routing, kept: Routing): {load: Tensor; dropped: Tensor} {
  const load = loadsOf(kept);
  const asked = tf.maximum(tf.sum(loadsOf(wanted)), 1);
  return {load, dropped: tf.sub(1, tf.div(tf.sum(load), asked))};
}

/** Tokens that each expert computes, [experts]. */
function loadsOf(routing: Routing): Tensor {
  if (routing.kind === "choices") return choiceCounts(routing);
  const isUsed = tf.greaterEqual(routing.tokens, tf.scalar(0, "int32"));
  return tf.sum(tf.cast(isUsed, "float32"), 1);
}
