import type {Layer} from "../core/layer.ts";
import {dropout} from "../core/layers/dropout.ts";
import {graphConv} from "../core/layers/graph-conv.ts";
import {sequential} from "../core/layers/sequential.ts";
import type {Params} from "../core/tree.ts";
import type {Tensor} from "../tf.ts";

export interface GcnOptions {
  /** How many classes a node may have. */
  classes: number;
  /** Hidden units of each layer, [16] by default, as in the paper. */
  units?: readonly number[];
  /** The normalised adjacency, [nodes, nodes], as `gcnAdjacency` makes it; or give it as `context.adjacency`. */
  adjacency?: Tensor;
  /** Before every layer but the first, 0 by default (0.5 in the paper). */
  dropout?: number;
}

/**
 * A graph convolutional network (Kipf & Welling 2017) for the classes of nodes: [batch, nodes, features] -> [batch, nodes, classes], or
 * one graph's [nodes, features] -> [nodes, classes].
 *
 * @example
 * import {gcnAdjacency, key, random} from "petri/core";
 * import {gcn} from "petri/zoo";
 *
 * // Six nodes in a ring, four numbers each; three classes.
 * const adjacency = gcnAdjacency(6, d3.range(6).map((node) => [node, (node + 1) % 6]));
 * const model = gcn({classes: 3, adjacency});
 * const logits = model.apply(model.init(key(0), [4]), random.normal(key(1), [6, 4]));
 * display(Inputs.table(logits.arraySync()));
 */
export function gcn(options: GcnOptions): Layer<Record<string, Params>> {
  const {classes, units = [16], adjacency, dropout: rate = 0} = options;
  const drop = (): Layer[] => (rate > 0 ? [dropout(rate)] : []);
  const hidden = units.flatMap((count): Layer[] => [
    graphConv({units: count, activation: "relu", adjacency}),
    ...drop()
  ]);
  return {...sequential([...hidden, graphConv({units: classes, adjacency})]), name: "gcn"};
}
