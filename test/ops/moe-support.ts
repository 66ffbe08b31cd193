import {expect} from "vitest";
import type {Layer} from "../../src/ops/core/layer.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";

const {key, random, tree} = ops;

/** The numbers of a tensor. */
export const values = async (leaf: Tensor) => Array.from(await leaf.data());

/** The shapes of all parameters by path. */
export const shapes = (params: Params) =>
  Object.fromEntries(tree.entries<Tensor>(params).map(({path, leaf}) => [path, leaf.shape]));

/** The parameter at a path. */
export function leafAt(params: Params, path: string): Tensor {
  const found = tree.entries<Tensor>(params).find((entry) => entry.path === path);
  if (!found) throw new Error(`There is no parameter ${path}.`);
  return found.leaf;
}

/** Standard normal numbers. */
export const draw = (seed: number, shape: readonly number[]) => random.normal(key(seed), [...shape]);

/** Random parameters everywhere, so that no bias is zero. */
export function scattered<P extends Params>(params: P): P {
  let seed = 100;
  return tree.map((leaf: Tensor) => draw(++seed, leaf.shape), params as Params) as P;
}

/** The parameters have the shapes that the network's own init gives. */
export function expectOwnShapes(model: Layer, params: Params, inputShape: readonly number[]): void {
  const own = model.init(key(0), inputShape);
  expect(shapes(own)).toEqual(shapes(params));
  tree.dispose(own);
}
