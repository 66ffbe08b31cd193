import type {Params} from "../core/tree.ts";
import {type Tensor, tf} from "../tf.ts";
import type {Expert} from "./experts/expert.ts";
import {evenOffsets} from "./layers/tokens.ts";

/** Experts that compute every token. */
export interface SharedExperts {
  /** What each of them computes; it need not be of the size of the others. */
  expert: Expert;
  /** How many there are, 1 by default; their outputs are added up. */
  count?: number;
}

/** The sum of what all shared experts make of every token, [tokens, features] -> [tokens, outputs]. */
export function applyShared({expert, count = 1}: SharedExperts, params: Params, tokens: Tensor): Tensor {
  const each = tokens.shape[0] as number;
  const y = expert.apply(params, {x: tf.tile(tokens, [count, 1]), offsets: evenOffsets(count, each), each});
  return tf.sum(tf.reshape(y, [count, each, y.shape[1] as number]), 0);
}
