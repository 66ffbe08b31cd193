import {expect} from "vitest";
import type {Params} from "../../src/ops/core/tree.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";

const {tf} = ops;

/** Step of the differences: float32 leaves about five digits of a fourth-order formula with it. */
const STEP = 0.02;

/** What is differentiated: half the sum of w y^2 with fixed weights w, whose second derivative is no constant. */
const weightsFor = (y: Tensor) => ops.key(99).uniform(y.size, 0.5, 1.5);

function lossOf(y: Tensor): Tensor {
  return tf.mul(tf.sum(tf.mul(tf.square(y), tf.tensor(weightsFor(y), y.shape))), 0.5);
}

/** The same in double precision: a float32 sum would hide the differences. */
async function preciseLoss(y: Tensor): Promise<number> {
  const weights = weightsFor(y);
  return Array.from(await y.data()).reduce(
    (sum, value, i) => sum + 0.5 * (weights[i] as number) * value * value,
    0
  );
}

/** The derivative of a function at 0, from four values around it. */
async function slope(f: (step: number) => Promise<number>): Promise<number> {
  const near = (await f(STEP)) - (await f(-STEP));
  const far = (await f(2 * STEP)) - (await f(-2 * STEP));
  return (8 * near - far) / (12 * STEP);
}

/**
 * Compares the gradient of a function of a tree with finite differences, along a direction drawn for each leaf; and the
 * gradient of the gradient likewise. With `together` it goes along all leaves at once, where dispatches are slow.
 */
export async function expectTrueGradients<P extends Params>(
  f: (at: P) => Tensor,
  at: P,
  {together = false} = {}
): Promise<void> {
  const leaves = ops.tree.entries<Tensor>(at);
  const directionOf = (chosen: (path: string) => boolean) =>
    ops.tree.unflatten(
      at,
      leaves.map(({path, leaf}, index) =>
        chosen(path)
          ? tf.tensor(ops.key(7).fold(index).uniform(leaf.size, -1, 1), leaf.shape)
          : tf.zerosLike(leaf)
      )
    ) as P;
  if (together)
    return expectAlong(
      f,
      at,
      directionOf(() => true),
      "all leaves"
    );
  for (const {path} of leaves)
    await expectAlong(
      f,
      at,
      directionOf((each) => each === path),
      path || "x"
    );
}

async function expectAlong<P extends Params>(
  f: (at: P) => Tensor,
  at: P,
  direction: P,
  name: string
): Promise<void> {
  const gradient = ops.grad((here: P) => lossOf(f(here)));
  const moved = (step: number) =>
    ops.tree.map(
      (leaf: Tensor, _path, along) => tf.add(leaf, tf.mul(along as Tensor, step)),
      at as Params,
      direction as Params
    ) as P;
  const first = await slope((step) => preciseLoss(f(moved(step))));
  expectNear(await dot(gradient(at), direction), first, `the gradient by ${name}`);
  const along = (here: P) =>
    products(gradient(here), direction).reduce(
      (sum, product) => tf.add(sum, tf.sum(product)),
      tf.scalar(0) as Tensor
    );
  const second = await slope(async (step) => dot(gradient(moved(step)), direction));
  expectNear(await dot(ops.grad(along)(at), direction), second, `the second derivative by ${name}`);
}

function products(a: Params, b: Params): Tensor[] {
  const others = ops.tree.leaves<Tensor>(b);
  return ops.tree.leaves<Tensor>(a).map((leaf, i) => tf.mul(leaf, others[i] as Tensor));
}

async function dot(a: Params, b: Params): Promise<number> {
  const [left, right] = [await numbersOf(a), await numbersOf(b)];
  return left.reduce((sum, value, i) => sum + value * (right[i] as number), 0);
}

async function numbersOf(tree: Params): Promise<number[]> {
  const values = await Promise.all(ops.tree.leaves<Tensor>(tree).map((leaf) => leaf.data()));
  return values.flatMap((each) => Array.from(each));
}

function expectNear(actual: number, expected: number, what: string): void {
  const error = Math.abs(actual - expected);
  if (!(error <= 2e-3 * (1 + Math.abs(expected)))) expect(actual, what).toBe(expected);
}
