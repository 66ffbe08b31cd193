import {ArgumentError, checkCount} from "../core/errors.ts";
import {type Context, expectShape, inScope, type Layer} from "../core/layer.ts";
import type {Params} from "../core/tree.ts";
import {type Tensor, tf, tidy} from "../tf.ts";
import {type DispatchOptions, dispatch} from "./dispatch.ts";
import type {Expert} from "./experts/expert.ts";
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
}

/** The router's own parameters, those of all experts on a leading axis, and those of shared experts. */
export type MoeParams = {router: Params; experts: Params; shared?: Params};

/** A mixture of experts as a layer, whose routing can be looked at. */
export interface MoeLayer extends Layer<MoeParams> {
  readonly options: Readonly<MoeOptions>;
  /** The experts of every token of x, as data. The tensors belong to the caller. */
  routing(params: MoeParams, x: Tensor, context?: Context): Routing;
}

/**
 * A mixture of experts: each token goes to the experts that the router chooses, and gets the sum of their outputs by the router's
 * weights. [batch, ..., features] -> [batch, ..., outputs]; all but the last dimension are tokens.
 *
 * @example
 * import {dense, fit, initState, key, sequential} from "petri/core";
 * import {blobs} from "petri/datasets";
 * import {mlpExpert, moe, topKRouter} from "petri/moe";
 *
 * const layer = moe({experts: 4, router: topKRouter({k: 2}), expert: mlpExpert({hidden: 16})});
 * const params = layer.init(key(0), [8]);
 * display({router: params.router.kernel.shape, experts: params.experts.in.kernel.shape});
 */
export function moe(options: MoeOptions): MoeLayer {
  const {experts, router, expert, shared} = options;
  checkCount("experts", experts);
  checkParts(options);
  const name = "moe";
  const shapeOf = (features: number): RouterShape => ({features, experts});

  function route(params: MoeParams, tokens: Tensor, context: Context | undefined): Routing {
    const path = `${context?.path ?? name}/router`;
    return router.route(params.router, tokens, shapeOf(tokens.shape[1] as number), {...context, path});
  }

  return {
    name,
    options,
    init(key, inputShape, path = name) {
      const features = inputShape.at(-1);
      expectShape(features !== undefined, path, "[..., features]", inputShape);
      const [routerKey, expertKey, sharedKey] = key.split(3) as [typeof key, typeof key, typeof key];
      return {
        router: router.init(routerKey, shapeOf(features), `${path}/router`),
        experts: expert.init(expertKey, {experts, features}),
        ...(shared && {shared: shared.expert.init(sharedKey, {experts: shared.count ?? 1, features})})
      };
    },
    apply(params, x, context) {
      return inScope(context, (inner) => {
        const tokens = tokensOf(x, inner?.path ?? name);
        const y = dispatch(expert, params.experts, tokens, route(params, tokens, inner), options);
        const sum = shared && params.shared ? tf.add(y, applyShared(shared, params.shared, tokens)) : y;
        return tf.reshape(sum, [...x.shape.slice(0, -1), sum.shape[1] as number]);
      });
    },
    routing: (params, x, context) => tidy(() => route(params, tokensOf(x, context?.path ?? name), context)),
    outputShape: (shape) => [...shape.slice(0, -1), outputsOf(expert, shape.at(-1) as number)],
    flops: (shape) => flopsOf(options, shape)
  };
}

/** [batch, ..., features] -> [tokens, features]. */
function tokensOf(x: Tensor, path: string): Tensor {
  expectShape(x.rank > 1, path, "[batch, ..., features]", x.shape);
  return tf.reshape(x, [-1, x.shape.at(-1) as number]);
}

const outputsOf = (expert: Expert, features: number) => expert.outputs?.(features) ?? features;

function flopsOf({experts, router, expert, shared}: MoeOptions, shape: readonly number[]): number {
  const features = shape.at(-1) as number;
  const tokens = shape.slice(0, -1).reduce((product, size) => product * size, 1);
  const active = (router.k ?? experts) * (expert.flops?.(features) ?? 0);
  const always = shared ? (shared.count ?? 1) * (shared.expert.flops?.(features) ?? 0) : 0;
  return tokens * (2 * features * experts + active + always);
}

function checkParts({router, expert}: MoeOptions): void {
  if (typeof router?.route !== "function")
    throw new ArgumentError("moe needs a router, one of those of petri/moe: {router: topKRouter({k: 2})}.");
  if (typeof expert?.apply !== "function")
    throw new ArgumentError(
      "moe needs an expert, one of those of petri/moe: {expert: mlpExpert({hidden: 64})}."
    );
}
