import {ArgumentError, checkCount, checkNumber, checkOptions} from "../../core/errors.ts";
import {
  type Child,
  type Context,
  expectShape,
  initChild,
  inScope,
  type Layer,
  type LearningContext,
  type Shape
} from "../../core/layer.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {checkFlag, checkGiven} from "../checks.ts";
import {checkClasses} from "../local-network.ts";
import {bottomUp} from "./bottom-up.ts";
import {type GraphMethodName, graphMethod} from "./graph-methods.ts";
import {graphLayers, type LayerParams} from "./graph-pass.ts";
import {checkGraph, GRAPH, graphTensors, type NodeGraph} from "./node-graph.ts";
import {topDown} from "./top-down.ts";

export interface ForwardGraphOptions {
  /** The graph, with what is known of its nodes. */
  graph: NodeGraph;
  /** Units of each layer: [32, 32]. */
  units: readonly number[];
  /**
   * "single" (the default): one pass, without negatives. Forward-forward with labels "appended" to the features, or with links to
   * "virtual" nodes of classes.
   */
  method?: GraphMethodName;
  /** Forward-forward: a sum of squares above it stands for positive, 2 by default. */
  threshold?: number;
  /**
   * "single": true gives each layer beside what comes from below also what the layer above it told last, and the last layer the
   * labels.
   */
  topDown?: boolean;
  /** "single": similarities are divided by it before the softmax, 1 by default. */
  temperature?: number;
}

const optionNames: Readonly<Record<keyof ForwardGraphOptions, true>> = {
  graph: true,
  units: true,
  method: true,
  threshold: true,
  topDown: true,
  temperature: true
};

/**
 * Forward learning of graph networks (Park, Tang, Zhang, Ahmed, Kim, et al., ICLR 2024): graph convolutions with a ReLU that each
 * learn alone, from the features that came in, divided by their length. "single": each class has a virtual node, linked to its labelled
 * nodes, and a layer learns by the cross-entropy of the similarities between labelled and virtual nodes, in one pass. The
 * others are forward-forward on graphs, with all wrong classes as negatives. The graph is one row: x [1, nodes, features] ->
 * scores [1, nodes, classes], the sum over layers of softmaxed similarities or of goodness. Rows of a training tell loss1, loss2, ...; their
 * accuracy is that of all nodes: use `onNodes` for some. With `topDown`, layers tell each other over the steps, 1, 3, ... before 2, 4, ...,
 * and an answer is the mean of the last eight of ten passes through all; what layers tell begins at zero, where the authors' code
 * begins with a pass from below. Throws ArgumentErrors for what is no such graph.
 *
 * @example
 * import {accuracy, adam, fit} from "petri/core";
 * import {stochasticBlockModel} from "petri/datasets";
 * import {forwardGraph, onNodes} from "petri/forward-forward";
 *
 * const data = stochasticBlockModel({nodes: 90, seed: 1});
 * const labelled = d3.range(15), held = d3.range(15, 90);
 * const graph = {...data, nodes: 90, labelled};
 * const model = forwardGraph({graph, units: [16, 16]});
 * const training = fit(model, data, {steps: 60, logEvery: 20, optimizer: adam({learningRate: 0.01}), metrics: {held: onNodes(held, accuracy)}});
 * for await (const row of training) display(row);
 * training.dispose();
 */
export function forwardGraph(options: ForwardGraphOptions): Layer<LayerParams> {
  const {graph, units, method: methodName, threshold, temperature, topDown: fromAbove} = checked(options);
  const layers = graphLayers(units);
  const method = graphMethod(methodName, {threshold, temperature});
  const pass = (fromAbove ? topDown : bottomUp)(layers, method, graph.classes);

  const children = ([nodes = 0, features = 0]: Shape): Child[] =>
    pass.inputs(features).map((inputs, i) => ({
      name: layers.names[i] as string,
      layer: layers.layers[i] as Layer,
      inputShape: [nodes, inputs]
    }));
  const nodesOf = (x: Tensor, path = GRAPH): Tensor => {
    expectShape(x.rank === 3 && x.shape[0] === 1 && x.shape[1] === graph.nodes, path, wanted(graph), x.shape);
    return tf.reshape(x, x.shape.slice(1));
  };
  const sumOf = (tensors: readonly Tensor[]) =>
    tensors.length === 1 ? tf.clone(tensors[0] as Tensor) : tf.addN([...tensors]);
  const scores = (params: LayerParams, x: Tensor, context: Context): Tensor =>
    inScope(context, (inner = {}) =>
      tf.expandDims(sumOf(pass.scores(params, nodesOf(x, context.path), inner)), 0)
    );

  function learn(params: LayerParams, x: Tensor, _y: Tensor, context: LearningContext) {
    const losses = tidy(() => pass.learn(params, nodesOf(x, context.path), context));
    return {
      loss: sumOf(losses),
      outputs: () => scores(params, x, {...context, training: false}),
      figures: losses
    };
  }

  return {
    name: GRAPH,
    init: (key, inputShape, path) =>
      tidy(() =>
        Object.fromEntries(
          children(inputShape).map(({name, layer, inputShape: shape}, index) => [
            name,
            initChild({layer, name, index}, key, shape, path)
          ])
        )
      ),
    apply: (params, x, context) => scores(params, x, context ?? {}),
    outputShape: ([nodes = 0]) => [nodes, graph.classes],
    children,
    initState: ([, features = 0], key) => ({
      ...graphTensors(graph, features, key),
      ...(pass.initState && {told: pass.initState(graph.nodes)})
    }),
    learning: {figures: units.map((_, i) => `loss${i + 1}`), classes: "any", learn}
  };
}

const wanted = ({nodes}: NodeGraph) => `[1, ${nodes}, features] (the whole graph as one row)`;

function checked(options: ForwardGraphOptions): Required<ForwardGraphOptions> {
  checkOptions(GRAPH, options, optionNames);
  const {graph, units, method = "single", threshold = 2, temperature = 1, topDown = false} = options;
  checkGiven(GRAPH, graph, "a graph: {nodes, edges, labels, labelled, classes}");
  checkClasses(graph.classes);
  checkGraph(graph);
  if (!Array.isArray(units) || units.length === 0)
    throw new ArgumentError(
      `units must be those of each layer, e.g. [32, 32]; got ${JSON.stringify(units)}.`
    );
  for (const [i, count] of units.entries()) checkCount(`units[${i}]`, count);
  if (!["single", "appended", "virtual"].includes(method))
    throw new ArgumentError(`method must be "single", "appended" or "virtual", got ${String(method)}.`);
  checkFlag("topDown", topDown);
  if (topDown && method !== "single")
    throw new ArgumentError(
      `topDown goes with method: "single", got "${method}": Forward-Forward has no layers above.`
    );
  checkNumber("threshold", threshold);
  checkNumber("temperature", temperature, Number.MIN_VALUE);
  return {graph, units, method, threshold, temperature, topDown};
}
