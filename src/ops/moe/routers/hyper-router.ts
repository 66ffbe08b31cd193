import {denseProduct} from "../../../gpu/kernels/dense.ts";
import {checkCount} from "../../core/errors.ts";
import {lecunNormal, zeros} from "../../core/initializers.ts";
import {normal} from "../../core/random.ts";
import {stopGradient} from "../../core/stop-gradient.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import type {Router} from "../routing.ts";
import {checkChoices, type LinearRouterOptions, linearLogits} from "./logits.ts";
import {topChoices} from "./top-k-router.ts";

export interface HyperRouterOptions extends Pick<LinearRouterOptions, "jitter"> {
  /** Experts for each token; 2 by default. */
  k?: number;
  /** Hidden units of the network that makes the router's weights; 256 by default. */
  hidden?: number;
  /** Numbers of the embedding that it makes them from; as many as features by default. */
  embedding?: number;
}

type Linear = {kernel: Tensor; bias: Tensor};

/** The embedding, [1, numbers], which is trained, and the network, which stays as it was drawn: its gradients are zero. */
export type HyperRouterParams = {embedding: Tensor; frozen: {in: Linear; out: Linear}};

/**
 * A top-k router whose weights are made by a network from an embedding of the layer (HyperRouter, Do et al. 2023): [W; b] = H(e), where
 * H is a perceptron of one ReLU layer that stays as it was drawn and e is trained. It stands between a router that is trained and one
 * that is fixed. Leave "frozen" out of weight decay: perPath({"router/frozen": ...}).
 *
 * @example
 * import {key, random, tree} from "petri/core";
 * import {hyperRouter} from "petri/moe";
 *
 * const router = hyperRouter({k: 2, hidden: 16});
 * const shape = {features: 4, experts: 5};
 * const params = router.init(key(0), shape);
 * display({trained: params.embedding.size, all: tree.size(params)});
 * display(router.route(params, random.normal(key(1), [3, 4]), shape).indices.arraySync());
 */
export function hyperRouter(options: HyperRouterOptions = {}): Router<HyperRouterParams> {
  const {k = 2, hidden = 256, embedding} = options;
  checkCount("hidden", hidden);
  if (embedding !== undefined) checkCount("embedding", embedding);
  return {
    name: "hyperRouter",
    k,
    init(key, shape, path = "router") {
      checkChoices(k, shape, path);
      const {features, experts} = shape;
      const numbers = embedding ?? features;
      const linear = (part: number, from: number, to: number): Linear => ({
        kernel: lecunNormal(key.fold(part), [from, to]),
        bias: zeros(key, [to])
      });
      return {
        embedding: normal(key.fold(0), [1, numbers]),
        frozen: {in: linear(1, numbers, hidden), out: linear(2, hidden, (features + 1) * experts)}
      };
    },
    route(params, x, shape, context) {
      checkChoices(k, shape, context?.path ?? "router");
      return tidy(() => {
        const made = madeWeights(params, shape.features + 1, shape.experts);
        const kernel = tf.slice(made, [0, 0], [shape.features, -1]);
        const bias = tf.slice(made, [shape.features, 0], [1, -1]);
        const logits = tf.add(linearLogits(kernel, x, options, context), bias);
        return topChoices(logits, {k, weights: "renormalised"}, context);
      });
    }
  };
}

/** What the network makes of the embedding: the kernel and below it the biases, [features + 1, experts]. */
function madeWeights({embedding, frozen}: HyperRouterParams, rows: number, experts: number): Tensor {
  const {in: first, out} = stopGradient(frozen);
  const inside = denseProduct(embedding, first.kernel, first.bias, "relu");
  return tf.reshape(denseProduct(inside, out.kernel, out.bias, "linear"), [rows, experts]);
}
