// Experts made of the hidden units of a feed-forward part.
import {takeRows, topK} from "../../../gpu/kernels/top-k.ts";
import {ArgumentError, checkCount} from "../../core/errors.ts";
import type {Key} from "../../core/key.ts";
import type {Context, Layer} from "../../core/layer.ts";
import {stopGradient} from "../../core/stop-gradient.ts";
import type {Params} from "../../core/tree.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {checkChoices} from "../routers/logits.ts";
import type {Choices, Router, RouterShape} from "../routing.ts";
import {
  type Ffn,
  type FfnOptions,
  type FfnsReplaced,
  ffnInputs,
  findFfns,
  hiddenOf,
  replaceFfns
} from "./ffn.ts";
import {inputShapeOf, type Replacement} from "./layers.ts";

/** A feed-forward part with what calibration tells of it. */
export interface Profile {
  readonly ffn: Ffn;
  /** What goes into it, [tokens, features]. */
  readonly x: Tensor;
  /** Its hidden units, [tokens, hidden]. */
  readonly hidden: Tensor;
  readonly tokens: number;
  /** A source of randomness of its own. */
  readonly key: Key;
}

/**
 * The network with mixtures carved out of its feed-forward parts, each made by `carve` of what the part does for a batch x of the
 * network's inputs.
 */
export async function carved(
  model: Layer,
  params: Params,
  x: Tensor,
  options: FfnOptions & {key: Key},
  carve: (profile: Profile) => Promise<Replacement>
): Promise<FfnsReplaced> {
  const inputShape = inputShapeOf(model, options.inputShape ?? x.shape.slice(1));
  const ffns = findFfns(model, params, {...options, inputShape});
  const inputs = ffnInputs({model, params}, x, ffns);
  const made = new Map<string, Replacement>();
  try {
    for (const [at, ffn] of ffns.entries()) {
      const own = inputs.get(ffn.path) as Tensor;
      const hidden = hiddenOf(ffn, own);
      try {
        const key = options.key.fold(at);
        made.set(ffn.path, await carve({ffn, x: own, hidden, tokens: own.shape[0] as number, key}));
      } finally {
        hidden.dispose();
      }
    }
    return replaceFfns({model, params}, inputShape, made);
  } finally {
    for (const each of inputs.values()) each.dispose();
  }
}

/** Throws unless hidden units can be divided into so many groups. */
export function checkDivides({path, hidden}: Ffn, groups: number, what: string): void {
  checkCount(what, groups);
  if (hidden % groups !== 0)
    throw new ArgumentError(
      `${path} has ${hidden} hidden units, which cannot be divided into ${groups} equal groups (${what}): pass a divisor.`
    );
}

/** The hidden units of each group as an expert; `share` of the last bias goes into every one of them. */
export function carvedExperts(
  {first, second}: Ffn,
  groups: readonly (readonly number[])[],
  share: number
): Params {
  return tidy(() => {
    const experts = groups.length;
    const size = groups[0]?.length ?? 0;
    const order = tf.tensor1d(Int32Array.from(groups.flat()), "int32");
    const [features] = first.kernel.shape as [number];
    const into = tf.reshape(tf.gather(first.kernel, order, 1), [features, experts, size]);
    const bias = second.bias && tf.tile(tf.expandDims(tf.mul(second.bias, share), 0), [experts, 1]);
    return {
      in: {
        kernel: tf.transpose(into, [1, 0, 2]),
        ...(first.bias && {bias: tf.reshape(tf.gather(first.bias, order), [experts, size])})
      },
      out: {
        kernel: tf.reshape(tf.gather(second.kernel, order), [experts, size, -1]),
        ...(bias && {bias})
      }
    };
  });
}

/** A router by scores of its own whose choices all weigh 1, unless `weigh` says otherwise. */
export interface CarvedRouter {
  name: string;
  k: number;
  init(key: Key, shape: RouterShape): Params;
  initState?: Router["initState"];
  /** Operations of the scores of a token. */
  flops: NonNullable<Router["flops"]>;
  /** [tokens, experts]. */
  scores(params: Params, x: Tensor): Tensor;
  /** Added to the scores for the choice alone. */
  bias?(context: Context | undefined): Tensor | undefined;
  /** Weights [tokens, experts] of all experts, of which those chosen count. */
  weigh?(params: Params, scores: Tensor): Tensor;
  /** The state after a training step with these choices. */
  learn?(choices: Choices, context: Context): Params;
}

/** A carved router as a router of petri/moe. */
export function carvedRouter(router: CarvedRouter): Router {
  const {name, k, init, initState, flops, scores, bias, weigh, learn} = router;
  checkCount("k", k);
  return {
    name,
    k,
    flops,
    ...(initState && {initState}),
    init(key, shape, path = "router") {
      checkChoices(k, shape, path);
      return init(key, shape);
    },
    route(params, x, shape, context) {
      checkChoices(k, shape, context?.path ?? "router");
      const [routing, state] = tidy(() => {
        const logits = scores(params, x);
        const added = bias?.(context);
        const {indices} = topK(stopGradient(added ? tf.add(logits, added) : logits), k);
        const weights = weigh ? takeRows(weigh(params, logits), indices) : tf.ones(indices.shape);
        const choices = {kind: "choices", experts: shape.experts, logits, indices, weights} as const;
        const learned = context?.training && context.setState ? learn?.(choices, context) : undefined;
        return [choices, learned] as const;
      });
      if (state) context?.setState?.(context.path ?? "router", state);
      return routing;
    }
  };
}
