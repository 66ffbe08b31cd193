import {type Tensor, tf} from "../../tf.ts";
import type {Expert} from "../experts/expert.ts";
import type {MlpExpertParams} from "../experts/mlp-expert.ts";
import {applyShared} from "../shared.ts";

/** k tree + (1 - k) master(token) with k = sigmoid(mix): tokens [tokens, features] and what the tree made of them, [tokens, outputs]. */
export function applyMaster(
  expert: Expert<MlpExpertParams>,
  {master, mix}: {master?: MlpExpertParams; mix?: Tensor},
  tokens: Tensor,
  tree: Tensor
): Tensor {
  if (!master || !mix) return tree;
  const always = applyShared({expert: expert as Expert}, master, tokens);
  return tf.add(always, tf.mul(tf.sigmoid(mix), tf.sub(tree, always)));
}
