import {ArgumentError, checkCount} from "../core/errors.ts";
import {type Context, inScope, type Layer} from "../core/layer.ts";
import type {Params} from "../core/tree.ts";
import {type Tensor, tf, tidy} from "../tf.ts";
import {type CapacityOptions, expertCapacity, limitCapacity, type QueueOptions} from "./capacity.ts";
import {type DispatchOptions, dispatch} from "./dispatch.ts";
import type {Expert} from "./experts/expert.ts";
import {outputsOf} from "./layers/parts.ts";
import {asTokensOf, featuresOf, flatTokens, tokenCount} from "./layers/tokens.ts";
import {checkLosses, type RoutingLosses, routingLosses} from "./losses/routing-losses.ts";
import {hasState, initMoeState, type MoeState, nextCounts, routerContext, trackedState} from "./moe-state.ts";
import type {Router, RouterShape, Routing} from "./routing.ts";
import {applyShared, type SharedExperts} from "./shared.ts";

export interface MoeOptions extends Pick<DispatchOptions, "dispatch" | "straightThrough"> {
  /** How many experts there are. */
  experts: number;
  /** Which experts compute a token: topKRouter() and the others. */
  router: Router;
  /** What each of them computes: mlpExpert({hidden: 64}), say. */
  expert: Expert;
  /** Experts that compute every token besides, with weight 1 (DeepSeekMoE). */
  shared?: SharedExperts;
  /** How many tokens an expert takes, and who comes first; without it none is dropped. Not where experts choose. */
  capacity?: CapacityOptions & Pick<QueueOptions, "order">;
  /** Who shares capacities and what is balanced: all tokens of the "batch" (the default) or those of each "example". */
  groups?: "batch" | "example";
  /** What training makes small besides the task's loss: {balance: 0.01}, say. */
  losses?: RoutingLosses;
  /** Keeps load and dropped share of the last training step in the layer's state: `load` [experts] and `dropped`. */
  track?: boolean;
}

/** The router's own parameters, those of all experts on a leading axis, and those of shared experts. */
export type MoeParams = {router: Params; experts: Params; shared?: Params};

/** A mixture of experts as a layer, whose routing can be looked at. */
export interface MoeLayer extends Layer<MoeParams> {
  readonly options: Readonly<MoeOptions>;
  /** The experts of every token of x, as data, with what found its expert full dropped. The tensors belong to the caller. */
  routing(params: MoeParams, x: Tensor, context?: Context): Routing;
}

/** Routing as the router has it, and as capacities leave it. */
interface Routed {
  wanted: Routing;
  kept: Routing;
  groups: number;
  /** Most tokens of an expert, where there is a limit. */
  capacity: number | undefined;
}

const NAME = "moe";

/**
 * A mixture of experts: each token goes to the experts that the router chooses, and gets the sum of their outputs by the router's
 * weights. [batch, ..., features] -> [batch, ..., outputs]; all but the last dimension are tokens. Throws ArgumentErrors for what cannot be.
 *
 * @example
 * import {dense, fit, key, sequential} from "petri/core";
 * import {gaussians} from "petri/datasets";
 * import {mlpExpert, moe, topKRouter} from "petri/moe";
 *
 * const mixture = moe({experts: 4, router: topKRouter({k: 2}), expert: mlpExpert({hidden: 16}), losses: {balance: 0.01}});
 * const model = sequential([dense({units: 8}), mixture, dense({units: 3})]);
 * for await (const row of fit(model, gaussians({n: 300, classes: 3}), {key: key(0), steps: 60, logEvery: 20})) display(row);
 */
export function moe(options: MoeOptions): MoeLayer {
  const {experts, router, expert, shared, losses = {}} = options;
  checkMoe(options);
  const shapeOf = (features: number): RouterShape => ({features, experts});

  function route(params: MoeParams, x: Tensor, tokens: Tensor, context: Context): Routed {
    const groups = options.groups === "example" ? (x.shape[0] as number) : 1;
    const shape = {features: tokens.shape[1] as number, experts, groups};
    const wanted = router.route(params.router, tokens, shape, context);
    return {wanted, ...limited(wanted, options, groups, context), groups};
  }

  function train(routed: Routed, state: MoeState | undefined, router: Params | undefined, context: Context) {
    const {wanted, groups} = routed;
    const counts = losses.globalBalance ? nextCounts(wanted, state, losses.globalBalance) : undefined;
    for (const loss of context.addLoss ? routingLosses(wanted, losses, {groups, counts}) : [])
      context.addLoss?.(loss);
    if (!hasState(options)) return;
    const tracked = options.track ? trackedState(routed.wanted, routed.kept) : {};
    context.setState?.(context.path ?? NAME, {...(router && {router}), ...(counts && {counts}), ...tracked});
  }

  return {
    name: NAME,
    options,
    init(key, inputShape, path = NAME) {
      const features = featuresOf(inputShape, path);
      const [routerKey, expertKey, sharedKey] = key.split(3) as [typeof key, typeof key, typeof key];
      return {
        router: router.init(routerKey, shapeOf(features), `${path}/router`),
        experts: expert.init(expertKey, {experts, features}),
        ...(shared && {shared: shared.expert.init(sharedKey, {experts: shared.count ?? 1, features})})
      };
    },
    apply(params, x, context) {
      return inScope(context, (inner) => {
        const path = inner?.path ?? NAME;
        const tokens = flatTokens(x, path);
        const own = routerContext(inner, path);
        const routed = route(params, x, tokens, own.context);
        if (inner?.training) train(routed, own.state, own.moved(), inner);
        const way = {...options, capacity: routed.capacity};
        const y = dispatch(expert, params.experts, tokens, routed.kept, way);
        return asTokensOf(
          x,
          shared && params.shared ? tf.add(y, applyShared(shared, params.shared, tokens)) : y
        );
      });
    },
    routing: (params, x, context) =>
      tidy(() => {
        const path = context?.path ?? NAME;
        return route(params, x, flatTokens(x, path), routerContext(context, path).context).kept;
      }),
    outputShape: (shape) => [...shape.slice(0, -1), outputsOf(expert, shape.at(-1) as number)],
    flops: (shape) => flopsOf(options, shape),
    ...(hasState(options) && {
      initState: (shape) => initMoeState(options, shapeOf(shape.at(-1) as number))
    })
  };
}

/** The routing with full experts' further tokens dropped. */
function limited(routing: Routing, options: MoeOptions, groups: number, context: Context) {
  const {capacity, experts} = options;
  if (!capacity || routing.kind === "slots") return {kept: routing, capacity: undefined};
  const [tokens, k] = routing.indices.shape as [number, number];
  const most = expertCapacity({tokens: tokens / groups, experts, k}, capacity, context.training);
  return {kept: limitCapacity(routing, most, {order: capacity.order, groups}), capacity: most * groups};
}

function flopsOf({experts, router, expert, shared}: MoeOptions, shape: readonly number[]): number {
  const features = shape.at(-1) as number;
  const active = (router.k ?? experts) * (expert.flops?.(features) ?? 0);
  const always = shared ? (shared.count ?? 1) * (shared.expert.flops?.(features) ?? 0) : 0;
  return tokenCount(shape) * (2 * features * experts + active + always);
}

function checkMoe({experts, router, expert, capacity, losses, groups = "batch"}: MoeOptions): void {
  checkCount("experts", experts);
  if (typeof router?.route !== "function")
    throw new ArgumentError("moe needs a router, one of those of petri/moe: {router: topKRouter({k: 2})}.");
  if (typeof expert?.apply !== "function")
    throw new ArgumentError(
      "moe needs an expert, one of those of petri/moe: {expert: mlpExpert({hidden: 64})}."
    );
  if (router.k !== undefined && router.k > experts)
    throw new ArgumentError(
      `moe: the router chooses ${router.k} experts, but there are ${experts}. Pass a k from 1 to ${experts}, or more experts.`
    );
  if (groups !== "batch" && groups !== "example")
    throw new ArgumentError(`moe: groups must be "batch" or "example", got ${String(groups)}.`);
  // Wrong numbers shall be told here, not at the first batch.
  if (capacity)
    for (const training of [true, false]) expertCapacity({tokens: 1, experts}, capacity, training);
  if (losses) checkLosses(losses);
}
