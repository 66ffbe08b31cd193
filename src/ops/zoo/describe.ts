import {key} from "../core/key.ts";
import {type Layer, type Shape, shapeAfter} from "../core/layer.ts";
import {type Params, size} from "../core/tree.ts";
import {tf, tidy} from "../tf.ts";

/** One layer of a network. */
export interface LayerRow {
  /** Where it sits, e.g. "dense1"; "" is a network that has no layers inside. */
  path: string;
  /** What comes out for one example. */
  outputShape: Shape;
  /** Numbers that are trained. */
  params: number;
  /** Operations of a forward pass for one example: a multiplication and its addition are two. */
  flops: number;
}

/** A network as a table. */
export interface Description {
  layers: LayerRow[];
  params: number;
  flops: number;
}

/**
 * The layers of a model with output shapes, parameters and FLOPs: `describe(resnet20(), [32, 32, 3])`. Containers have a row
 * only for what they hold or compute themselves. Parameters are counted on fresh ones, which are freed.
 *
 * @example
 * import {mlp} from "petri/core";
 * import {describe} from "petri/zoo";
 *
 * const {layers, params, flops} = describe(mlp([784, 300, 100, 10]), [28, 28]);
 * display({params, flops});
 * display(Inputs.table(layers));
 */
export function describe<P extends Params>(model: Layer<P>, inputShape: Shape): Description {
  const params = tidy(() => sizesOf(model.init(key(0), inputShape)));
  const layers: LayerRow[] = [];
  walk(model as Layer, inputShape, "", params, layers);
  const total = (field: "params" | "flops") => layers.reduce((sum, row) => sum + row[field], 0);
  return {layers, params: total("params"), flops: total("flops")};
}

/** A tree of parameters as the number of elements in each branch. */
interface Sizes {
  own: number;
  inside: Readonly<Record<string, Sizes>>;
}

function sizesOf(params: Params): Sizes {
  if (params instanceof tf.Tensor) return {own: params.size, inside: {}};
  const inside = Object.entries(params).map(([name, branch]) => [name, sizesOf(branch as Params)] as const);
  return {own: size(params), inside: Object.fromEntries(inside)};
}

function walk(layer: Layer, shape: Shape, path: string, sizes: Sizes | undefined, rows: LayerRow[]): void {
  const children = layer.children?.(shape) ?? [];
  const inside = children.reduce((sum, {name}) => sum + (sizes?.inside[name]?.own ?? 0), 0);
  const row = {
    path,
    outputShape: shapeAfter(layer, shape),
    params: (sizes?.own ?? 0) - inside,
    flops: layer.flops?.(shape) ?? 0
  };
  if (children.length === 0 || row.params > 0 || row.flops > 0) rows.push(row);
  for (const {name, layer: child, inputShape} of children) {
    walk(child, inputShape, path ? `${path}/${name}` : name, sizes?.inside[name], rows);
  }
}
