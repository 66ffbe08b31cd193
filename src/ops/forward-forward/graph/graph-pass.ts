// How features go through the layers of a graph network that learn alone.
import {applyChild, type Context, type Layer, type LearningContext} from "../../core/layer.ts";
import {graphConv} from "../../core/layers/graph-conv.ts";
import type {Params} from "../../core/tree.ts";
import type {Tensor} from "../../tf.ts";

export type LayerParams = Record<string, Params>;

/** Graph convolutions with a ReLU. */
export interface GraphLayers {
  readonly units: readonly number[];
  readonly names: readonly string[];
  readonly layers: readonly Layer[];
  /** What one of them gives for features [nodes, inputs] that are spread by a normalised adjacency. */
  apply(index: number, params: Params, x: Tensor, adjacency: Tensor, context: Context): Tensor;
}

/** What every layer is given, in training and to answer. x: [nodes, features]. */
export interface GraphPass {
  /** How many features each layer is given, from how many nodes have. */
  inputs(features: number): number[];
  /** What is kept from step to step beside the graph. The caller owns it. */
  initState?(nodes: number): Params;
  /** Updates every layer; the losses of all, before. */
  learn(params: LayerParams, x: Tensor, context: LearningContext): Tensor[];
  /** Scores of the classes by layer, [nodes, classes]. */
  scores(params: LayerParams, x: Tensor, context: Context): Tensor[];
}

/** Layers of so many units. */
export function graphLayers(units: readonly number[]): GraphLayers {
  const layers = units.map((count) => graphConv({units: count, activation: "relu"}) as Layer);
  const names = units.map((_, i) => `layer${i + 1}`);
  return {
    units,
    names,
    layers,
    apply(index, params, x, adjacency, context) {
      const child = {layer: layers[index] as Layer, name: names[index] as string, index};
      return applyChild(child, params, x, {...context, adjacency});
    }
  };
}
