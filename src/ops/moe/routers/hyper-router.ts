import {denseProduct} from "../../../gpu/kernels/dense.ts";
import {checkCount} from "../../core/errors.ts";
import {lecunNormal, zeros} from "../../core/initializers.ts";
import {type Key, key as keyOf} from "../../core/key.ts";
import {normal} from "../../core/random.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import type {Router, RouterShape} from "../routing.ts";
import {checkChoices, checkRouter, type LinearRouterOptions, linearLogits, productFlops} from "./logits.ts";
import {topChoices} from "./top-k-router.ts";

export interface HyperRouterOptions extends Pick<LinearRouterOptions, "jitter"> {
  /** Experts for each token; 2 by default. */
  k?: number;
  /** Hidden units of the network that makes the router's weights; 256 by default. */
  hidden?: number;
  /** Numbers of the embedding that it makes them from; as many as features by default. */
  embedding?: number;
  /** Source of that network, key(0) by default: give layers that are not to share it different ones. */
  key?: Key;
}

type Linear = {kernel: Tensor; bias: Tensor};

/** The embedding, [1, numbers]: all that is trained. */
export type HyperRouterParams = {embedding: Tensor};

/** The network that makes the weights, as it was drawn. */
export type HyperRouterState = {frozen: {in: Linear; out: Linear}};

/**
 * A top-k router whose weights are made by a network from an embedding of the layer (HyperRouter, Do et al. 2023): [W; b] = H(e), where
 * H is a perceptron of one ReLU layer that stays as it was drawn and e is trained. It stands between a router that is trained and one
 * that is fixed. H is no parameter but state, so that no optimizer moves it, weight decay included; without a state it is drawn anew
 * from `key`, which gives the same.
 *
 * @example
 * import {key, random, tree} from "petri/core";
 * import {hyperRouter} from "petri/moe";
 *
 * const router = hyperRouter({k: 2, hidden: 16});
 * const shape = {features: 4, experts: 5};
 * const params = router.init(key(0), shape);
 * display({trained: tree.size(params), made: (4 + 1) * 5});
 * display(router.route(params, random.normal(key(1), [3, 4]), shape).indices.arraySync());
 */
export function hyperRouter(options: HyperRouterOptions = {}): Router<HyperRouterParams> {
  checkRouter("hyperRouter", options, {k: true, jitter: true, hidden: true, embedding: true, key: true});
  const {k = 2, hidden = 256, embedding, key: source = keyOf(0)} = options;
  checkCount("hidden", hidden);
  if (embedding !== undefined) checkCount("embedding", embedding);
  const numbersOf = (features: number) => embedding ?? features;

  function initState({features, experts}: RouterShape): HyperRouterState {
    const linear = (part: number, from: number, to: number): Linear => ({
      kernel: lecunNormal(source.fold(part), [from, to]),
      bias: zeros(source, [to])
    });
    return {
      frozen: {in: linear(1, numbersOf(features), hidden), out: linear(2, hidden, (features + 1) * experts)}
    };
  }

  return {
    name: "hyperRouter",
    k,
    flops: productFlops,
    init(key, shape, path = "router") {
      checkChoices(k, shape, path);
      return {embedding: normal(key.fold(0), [1, numbersOf(shape.features)])};
    },
    initState,
    route({embedding: own}, x, shape, context) {
      const path = context?.path ?? "router";
      checkChoices(k, shape, path);
      return tidy(() => {
        const {frozen} = (context?.state?.[path] as HyperRouterState | undefined) ?? initState(shape);
        const made = madeWeights(own, frozen, shape);
        const kernel = tf.slice(made, [0, 0], [shape.features, -1]);
        const bias = tf.slice(made, [shape.features, 0], [1, -1]);
        const logits = tf.add(linearLogits(kernel, x, options, context), bias);
        return topChoices(logits, {k, weights: "renormalised"}, context);
      });
    }
  };
}

/** What the network makes of the embedding: the kernel and below it the biases, [features + 1, experts]. */
function madeWeights(
  embedding: Tensor,
  {in: first, out}: HyperRouterState["frozen"],
  {features, experts}: RouterShape
): Tensor {
  const inside = denseProduct(embedding, first.kernel, first.bias, "relu");
  return tf.reshape(denseProduct(inside, out.kernel, out.bias, "linear"), [features + 1, experts]);
}
