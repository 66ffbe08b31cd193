import {ArgumentError} from "../../core/errors.ts";
import type {Params} from "../../core/tree.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import type {Choices, Router, RouterShape, Routing} from "../routing.ts";

/**
 * A router for experts that were merged: it chooses among the old ones, as before, and sends the token to what they have become.
 * `groupOf` has the new expert of every old one. Two old choices may be one new expert: its weights add up.
 */
export function mergedRouter(router: Router, groupOf: readonly number[], groups: number): Router {
  const {k, initState, flops} = router;
  const before = (shape: RouterShape): RouterShape => ({...shape, experts: groupOf.length});
  return {
    name: router.name,
    ...(k !== undefined && k <= groups && {k}),
    init: (key, shape, path) => router.init(key, before(shape), path),
    ...(flops && {flops: (shape: RouterShape) => flops(before(shape))}),
    ...(initState && {initState: (shape: RouterShape) => initState(before(shape))}),
    route(params: Params, x, shape, context) {
      const chosen = router.route(params, x, before(shape), context);
      try {
        return regrouped(chosen, groupOf, groups);
      } finally {
        tf.dispose([chosen.weights, chosen.kind === "choices" ? chosen.indices : chosen.tokens]);
        tf.dispose([chosen.logits, chosen.probabilities].filter((each) => each !== undefined));
      }
    }
  };
}

/** Choices of old experts as choices of new ones; those that were dropped stay so. */
function regrouped(routing: Routing, groupOf: readonly number[], groups: number): Choices {
  if (routing.kind === "slots")
    throw new ArgumentError(
      "Experts that choose their tokens cannot be merged: use topKRouter or another of tokens that choose."
    );
  const {indices, weights, probabilities} = routing;
  return tidy(() => {
    const table = tf.tensor1d(Int32Array.from([...groupOf, -1]), "int32");
    const last = tf.scalar(groupOf.length, "int32");
    const old = tf.where(tf.less(indices, tf.scalar(0, "int32")), tf.onesLike(indices).mul(last), indices);
    const moved = tf.gather(table, tf.cast(old, "int32"));
    return {
      kind: "choices",
      experts: groups,
      indices: moved,
      weights: tf.clone(weights),
      ...(probabilities && {probabilities: summed(probabilities, groupOf, groups)})
    };
  });
}

/** Columns of old experts added up: [tokens, old] -> [tokens, new]. */
function summed(probabilities: Tensor, groupOf: readonly number[], groups: number): Tensor {
  const member = new Float32Array(groupOf.length * groups);
  groupOf.forEach((group, e) => {
    member[e * groups + group] = 1;
  });
  return tf.matMul(probabilities, tf.tensor2d(member, [groupOf.length, groups]));
}
