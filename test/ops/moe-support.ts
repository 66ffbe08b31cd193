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
  return tree.map((leaf: Tensor) => random.normal(key(++seed), leaf.shape, 0, 0.5), params as Params) as P;
}

/** The parameters have the shapes that the network's own init gives. */
export function expectOwnShapes(model: Layer, params: Params, inputShape: readonly number[]): void {
  const own = model.init(key(0), inputShape);
  expect(shapes(own)).toEqual(shapes(params));
  tree.dispose(own);
}

/** Experts of two layers as plain numbers: kernels [experts][in][out], biases [experts][out]. */
export interface PlainExperts {
  first: number[][][];
  firstBias: number[][];
  second: number[][][];
  secondBias: number[][];
}

/** The experts of a mixture at a path, read back. */
export async function plainExperts(params: Params, path: string): Promise<PlainExperts> {
  const read = async (name: string) => (await leafAt(params, `${path}/experts/${name}`).array()) as never;
  return {
    first: await read("in/kernel"),
    firstBias: await read("in/bias"),
    second: await read("out/kernel"),
    secondBias: await read("out/bias")
  };
}

/** relu(x first + bias) second + bias of one expert in float64. */
export function plainExpert(experts: PlainExperts, e: number, x: readonly number[]): number[] {
  const {first, firstBias, second, secondBias} = experts;
  const hidden = (firstBias[e] as number[]).map((bias, j) =>
    Math.max(
      0,
      x.reduce((sum, value, i) => sum + value * (first[e]?.[i]?.[j] as number), bias)
    )
  );
  return (secondBias[e] as number[]).map((bias, o) =>
    hidden.reduce((sum, value, j) => sum + value * (second[e]?.[j]?.[o] as number), bias)
  );
}

/** A mixture in float64: the k of `experts` with the largest logits x kernel, weighted by the softmax over those chosen. */
export function plainMoe(
  {experts, router}: {experts: PlainExperts; router: number[][]},
  x: readonly number[],
  {k, among}: {k: number; among: readonly number[]}
): number[] {
  const logits = among.map((e) => x.reduce((sum, value, i) => sum + value * (router[i]?.[e] as number), 0));
  const order = [...among.keys()].sort((a, b) => (logits[b] as number) - (logits[a] as number)).slice(0, k);
  const exp = order.map((i) => Math.exp(logits[i] as number));
  const total = exp.reduce((sum, each) => sum + each, 0);
  const outputs = order.map((i) => plainExpert(experts, among[i] as number, x));
  return (outputs[0] as number[]).map((_, o) =>
    outputs.reduce((sum, y, i) => sum + ((exp[i] as number) / total) * (y[o] as number), 0)
  );
}
