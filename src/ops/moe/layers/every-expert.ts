import type {Params} from "../../core/tree.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import type {Expert} from "../experts/expert.ts";
import {evenOffsets} from "./tokens.ts";

/** What each of all experts makes of every token: x [tokens, features] -> [experts, tokens, outputs]. */
export function everyExpert<P extends Params>(
  {expert, experts}: {expert: Expert<P>; experts: number},
  params: P,
  x: Tensor
): Tensor {
  return tidy(() => {
    const each = x.shape[0] as number;
    const y = expert.apply(params, {x: tf.tile(x, [experts, 1]), offsets: evenOffsets(experts, each), each});
    return tf.reshape(y, [experts, each, y.shape[1] as number]);
  });
}
