import type {Key} from "../../core/key.ts";
import {uniform} from "../../core/random.ts";
import {eachWeight} from "./evidence.ts";
import {defineScore, type Score} from "./score.ts";

/**
 * Uniform noise: the baseline that every criterion must beat.
 *
 * @example
 * import {key, mlp} from "petri/core";
 * import {prune, scores, sparsityByLayer} from "petri/pruning";
 *
 * const masks = await prune(mlp([8, 16, 2]).init(key(0)), {sparsity: 0.7, score: scores.random(key(1))});
 * display(await sparsityByLayer(masks));
 */
export function random(key: Key): Score {
  return defineScore("random", [], (params) => {
    let index = 0;
    return eachWeight((leaf) => uniform(key.fold(index++), leaf.shape), params);
  });
}
