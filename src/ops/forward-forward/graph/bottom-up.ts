import {valueAndGrad} from "../../core/grad.ts";
import type {Context} from "../../core/layer.ts";
import {stopGradient} from "../../core/stop-gradient.ts";
import type {Params} from "../../core/tree.ts";
import type {Tensor} from "../../tf.ts";
import type {GraphMethod, GraphView} from "./graph-methods.ts";
import type {GraphLayers, GraphPass} from "./graph-pass.ts";
import {graphOf, ofLengthOne} from "./node-graph.ts";

/** Each layer is given what the one below gives in the same step, divided by its length. */
export function bottomUp(layers: GraphLayers, method: GraphMethod, classes: number): GraphPass {
  const {names, units} = layers;
  const through = (index: number, params: Params, {x, adjacency}: GraphView, context: Context) =>
    layers.apply(index, params, ofLengthOne(x), adjacency, context);
  return {
    inputs: (features) => [features + method.appended(classes), ...units.slice(0, -1)],
    learn(params, x, context) {
      const graph = graphOf(context, x);
      let views = method.training(graph, x);
      return names.map((name, i) => {
        const lossOf = (at: Params): [Tensor, Tensor[]] => {
          const outputs = views.map((view) => through(i, at, view, context));
          return [method.loss(outputs, graph), outputs];
        };
        const [[loss, outputs], grads] = valueAndGrad(lossOf, {hasAux: true})(params[name] as Params);
        context.update(name, grads);
        const next = stopGradient(outputs) as Tensor[];
        views = views.map(({adjacency}, v) => ({x: next[method.sharesFirst ? 0 : v] as Tensor, adjacency}));
        return loss;
      });
    },
    scores(params, x, context) {
      const graph = graphOf(context, x);
      let views = method.asking(graph, x);
      return names.map((name, i) => {
        const outputs = views.map((view) => through(i, params[name] as Params, view, context));
        views = views.map(({adjacency}, v) => ({x: outputs[v] as Tensor, adjacency}));
        return method.scores(outputs, graph);
      });
    }
  };
}
