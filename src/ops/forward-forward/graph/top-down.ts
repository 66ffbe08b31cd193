import {ArgumentError} from "../../core/errors.ts";
import {valueAndGrad} from "../../core/grad.ts";
import type {Context} from "../../core/layer.ts";
import {stopGradient} from "../../core/stop-gradient.ts";
import type {Params} from "../../core/tree.ts";
import {type Tensor, tf} from "../../tf.ts";
import type {GraphMethod, GraphView} from "./graph-methods.ts";
import type {GraphLayers, GraphPass, LayerParams} from "./graph-pass.ts";
import {GRAPH, type GraphTensors, graphOf, ofLengthOne, withUnsure} from "./node-graph.ts";

/** How often the layers are gone through to answer, after a pass from below. */
const PASSES = 10;
/** Passes whose answers do not count yet. */
const SETTLING = 2;

/**
 * Each layer is given what the one below and the one above told last, each divided by its length; the last one has the labels
 * above it. Layers 1, 3, ... go first, and 2, 4, ... with what these tell then. To answer, what is told begins with a pass from
 * below, and the answers of the later passes are averaged.
 */
export function topDown(layers: GraphLayers, method: GraphMethod, classes: number): GraphPass {
  const {names, units} = layers;
  const order = [0, 1].flatMap((from) => names.map((_, i) => i).filter((i) => i % 2 === from));
  const given = (told: readonly Tensor[], index: number) =>
    tf.concat([ofLengthOne(told[index] as Tensor), ofLengthOne(told[index + 2] as Tensor)], 1);

  /** What all tell before the first pass: features, layers from below alone, labels. */
  function begun(params: LayerParams, {x, adjacency}: GraphView, labels: Tensor, context: Context): Tensor[] {
    const told = [x];
    for (const [i, name] of names.entries()) {
      const above = tf.zeros([x.shape[0] as number, units[i + 1] ?? classes]);
      const input = tf.concat([ofLengthOne(told[i] as Tensor), above], 1);
      told.push(layers.apply(i, params[name] as Params, input, adjacency, context));
    }
    return [...told, labels];
  }

  return {
    inputs: (features) => units.map((_, i) => (units[i - 1] ?? features) + (units[i + 1] ?? classes)),
    initState: (nodes) =>
      Object.fromEntries(names.map((name, i) => [name, tf.zeros([nodes + classes, units[i] as number])])),
    learn(params, x, context) {
      const {told: before, ...graph} = toldOf(context, x);
      const {x: nodes, adjacency} = method.training(graph, x)[0] as GraphView;
      const told = [nodes, ...names.map((name) => before[name] as Tensor), labelsAbove(graph)];
      const losses: Tensor[] = [];
      for (const i of order) {
        const [name, input] = [names[i] as string, given(told, i)];
        const lossOf = (at: Params): [Tensor, Tensor] => {
          const output = layers.apply(i, at, input, adjacency, context);
          return [method.loss([output], graph), output];
        };
        const [[loss, output], grads] = valueAndGrad(lossOf, {hasAux: true})(params[name] as Params);
        context.update(name, grads);
        told[i + 1] = stopGradient(output) as Tensor;
        losses[i] = loss;
      }
      const now = Object.fromEntries(names.map((name, i) => [name, told[i + 1] as Tensor]));
      context.setState?.(context.path || GRAPH, {...graph, told: now});
      return losses;
    },
    scores(params, x, context) {
      const graph = graphOf(context, x);
      const view = method.asking(graph, x)[0] as GraphView;
      const told = begun(params, view, labelsAbove(graph), context);
      const scores: Tensor[][] = names.map(() => []);
      for (let pass = 0; pass < PASSES; ++pass)
        for (const i of order) {
          const name = names[i] as string;
          const output = layers.apply(i, params[name] as Params, given(told, i), view.adjacency, context);
          told[i + 1] = output;
          if (pass >= SETTLING) scores[i]?.push(method.scores([output], graph));
        }
      return scores.map((each) => tf.div(tf.addN(each), each.length));
    }
  };
}

/** The graph, and what layers told last. Throws an ArgumentError where a network without `topDown` has kept none of it. */
function toldOf(context: Context, x: Tensor): GraphTensors & {told: Record<string, Tensor>} {
  const graph = graphOf(context, x) as GraphTensors & {told?: Record<string, Tensor>};
  if (graph.told) return {...graph, told: graph.told};
  throw new ArgumentError(
    `${context.path || GRAPH} has a state without what its layers told: with topDown, begin with initState(model, inputShape) of this model.`
  );
}

/** Known labels, equal shares for nodes without one, and each virtual node's class: [nodes + classes, classes]. */
function labelsAbove({known}: GraphTensors): Tensor {
  return tf.concat([withUnsure(known), tf.eye(known.shape[1] as number)], 0);
}
