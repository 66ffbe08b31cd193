// Parameter trees: nested arrays and plain objects, leaves are anything else (tensors, numbers, typed arrays).
// As in jax.tree, but in insertion order, so that layers come in the order of the network.
import {type Tensor, tf} from "../tf.ts";
import {ArgumentError} from "./errors.ts";

export type Tree<T> = T | readonly Tree<T>[] | {readonly [name: string]: Tree<T>};
export type Params = Tree<Tensor>;

function isBranch(node: unknown): node is Record<string, unknown> | unknown[] {
  if (typeof node !== "object" || node === null) return false;
  if (Array.isArray(node)) return true;
  const prototype = Object.getPrototypeOf(node);
  return prototype === Object.prototype || prototype === null;
}

/**
 * A tree of the same structure with `f(leaf, path, ...leaves of the other trees)` at every leaf; paths read "dense1/kernel".
 *
 * @example
 * import {key, mlp, tree} from "petri/core";
 *
 * const params = mlp([2, 3, 2]).init(key(0));
 * const halved = tree.map((leaf) => leaf.div(2), params);
 * display(Inputs.table(tree.entries(halved).map(({path, leaf}) => ({path, shape: leaf.shape.join(" x "), largest: leaf.abs().max().arraySync()}))));
 */
export function map<T, U>(
  f: (leaf: T, path: string, ...others: T[]) => U,
  tree: Tree<T>,
  ...others: Tree<T>[]
): Tree<U> {
  return walk(f, tree, others, "");
}

function walk<T, U>(
  f: (leaf: T, path: string, ...others: T[]) => U,
  node: Tree<T>,
  others: readonly Tree<T>[],
  path: string
): Tree<U> {
  if (!isBranch(node)) return f(node as T, path, ...(others as T[]));
  const child = (name: string | number) => {
    const at = path === "" ? String(name) : `${path}/${name}`;
    const branches = others.map((other) => childOf(other, name, at));
    return walk(f, (node as Record<string | number, Tree<T>>)[name] as Tree<T>, branches, at);
  };
  if (Array.isArray(node)) return node.map((_, i) => child(i));
  return Object.fromEntries(Object.keys(node).map((name) => [name, child(name)]));
}

function childOf<T>(node: Tree<T>, name: string | number, path: string): Tree<T> {
  if (!isBranch(node) || !(name in node)) {
    throw new ArgumentError(`The trees differ: the first has "${path}", another has not.`);
  }
  return (node as Record<string | number, Tree<T>>)[name] as Tree<T>;
}

/** The leaves with their paths, in insertion order. */
export function entries<T>(tree: Tree<T>): {path: string; leaf: T}[] {
  const out: {path: string; leaf: T}[] = [];
  map((leaf: T, path) => out.push({path, leaf}), tree);
  return out;
}

/** The leaves, in insertion order. */
export function leaves<T>(tree: Tree<T>): T[] {
  return entries(tree).map(({leaf}) => leaf);
}

/** A tree shaped like `tree` with `leaves` at its leaves, in insertion order. */
export function unflatten<T>(tree: unknown, leaves: readonly T[]): Tree<T> {
  let next = 0;
  return map((_leaf: unknown) => leaves[next++] as T, tree as Tree<unknown>);
}

/** Number of elements of all tensors. */
export function size(tree: Params): number {
  return leaves(tree).reduce((sum, leaf) => sum + leaf.size, 0);
}

/** A copy whose tensors live on when those of `tree` are disposed. */
export function clone<T extends Tree<Tensor | number>>(tree: T): T {
  return map((leaf: Tensor | number) => (typeof leaf === "number" ? leaf : leaf.clone()), tree) as T;
}

/** A tree of zeros of the same shapes. */
export function zerosLike<P extends Params>(tree: P): P {
  return map((leaf: Tensor) => tf.zerosLike(leaf), tree as Params) as P;
}

/** Frees every tensor of a tree that may hold other leaves too, except those of `keep`. */
export function dispose(tree: Tree<Tensor | number>, keep: Tree<Tensor | number> = []): void {
  const kept = new Set(leaves(keep));
  for (const leaf of leaves(tree)) {
    if (leaf instanceof tf.Tensor && !kept.has(leaf) && !leaf.isDisposed) leaf.dispose();
  }
}

/** The values of every tensor, as typed arrays in a tree of the same structure. */
export async function data(tree: Params): Promise<Tree<Float32Array | Int32Array | Uint8Array>> {
  const values = await Promise.all(leaves(tree).map((leaf) => leaf.data()));
  return unflatten(tree, values);
}
