import type {Key} from "../core/key.ts";
import {map, type Params} from "../core/tree.ts";
import {type Tensor, tf} from "../tf.ts";

/** Importance of every weight, in a tree like the parameters: the largest stay. A new criterion is one of these. */
export type Score = (params: Params) => Params;

/** |w| (Han et al. 2015). */
export const magnitude: Score = (params) => map((leaf: Tensor) => tf.abs(leaf), params) as Params;

/** Uniform noise: the baseline that every criterion must beat. */
export function random(key: Key): Score {
  return (params) => {
    let index = 0;
    return map(
      (leaf: Tensor) => tf.tensor(key.fold(index++).uniform(leaf.size), leaf.shape),
      params
    ) as Params;
  };
}
