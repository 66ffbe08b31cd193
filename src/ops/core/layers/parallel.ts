import {type Tensor, tf, tidy} from "../../tf.ts";
import {ArgumentError, ShapeError} from "../errors.ts";
import {applyChild, initChild, inScope, type Layer, numbered, type Shape, shapeAfter} from "../layer.ts";
import type {Params} from "../tree.ts";

export interface ParallelOptions {
  /** How the branches are joined: "concat" (the default) along the last axis, "add", or "multiply". */
  combine?: "concat" | "add" | "multiply";
}

const COMBINE = {
  concat: (ys: Tensor[]) => tf.concat(ys, -1),
  add: (ys: Tensor[]) => ys.reduce((sum, y) => tf.add(sum, y)),
  multiply: (ys: Tensor[]) => ys.reduce((product, y) => tf.mul(product, y))
} as const;

/**
 * Branches that see the same input, joined: [batch, ...shape] -> [batch, ...joined shape]. Parameters are named by kind and count, as in
 * `sequential`. Throws a ShapeError when the branches' shapes do not fit together.
 *
 * @example
 * import {dense, key, parallel, tf} from "petri/core";
 *
 * const layer = parallel([dense({units: 3}), dense({units: 5, activation: "relu"})]);
 * const params = layer.init(key(0), [4]);
 * display(Object.keys(params));
 * display(layer.apply(params, tf.ones([2, 4])).shape);
 */
export function parallel(
  branches: readonly Layer[],
  options: ParallelOptions = {}
): Layer<Record<string, Params>> {
  const {combine = "concat"} = options;
  if (branches.length === 0) throw new ArgumentError("parallel needs at least one branch.");
  if (!(combine in COMBINE)) {
    throw new ArgumentError(`combine must be "concat", "add" or "multiply", got ${JSON.stringify(combine)}.`);
  }
  const names = numbered(branches);
  const parts = branches.map((layer, index) => ({layer, index, name: names[index] as string}));
  const name = "parallel";
  return {
    name,
    init(key, inputShape, path = name) {
      return tidy(() => {
        const params: Record<string, Params> = {};
        for (const part of parts) {
          const own = initChild(part, key, inputShape, path);
          if (Object.keys(own).length > 0) params[part.name] = own;
        }
        joined(path, combine, branches, inputShape);
        return params;
      });
    },
    apply: (params, x, context) =>
      inScope(context, (inner) =>
        COMBINE[combine](parts.map((part) => applyChild(part, params[part.name] ?? {}, x, inner)))
      ),
    outputShape: (inputShape) => joined(name, combine, branches, inputShape),
    children: (inputShape) => parts.map(({name, layer}) => ({name, layer, inputShape})),
    flops: (inputShape) =>
      combine === "concat"
        ? 0
        : (branches.length - 1) *
          joined(name, combine, branches, inputShape).reduce((size, dim) => size * dim, 1),
    withChildren: (others) => parallel(others, options) as Layer
  };
}

/** The shape of the joined branches. */
function joined(path: string, combine: string, branches: readonly Layer[], inputShape: Shape): Shape {
  const shapes = branches.map((branch) => shapeAfter(branch, inputShape));
  const [first = []] = shapes;
  const part = (shape: Shape) => (combine === "concat" ? shape.slice(0, -1) : shape).join();
  for (const shape of shapes) {
    if (shape.length === first.length && part(shape) === part(first)) continue;
    const what = combine === "concat" ? "agree in all but the last dimension" : "be the same";
    throw new ShapeError(
      `${path}: branches to ${combine} must ${what}, got [${first.join(", ")}] and [${shape.join(", ")}].`
    );
  }
  if (combine !== "concat") return first;
  return [...first.slice(0, -1), shapes.reduce((sum, shape) => sum + (shape.at(-1) ?? 0), 0)];
}
