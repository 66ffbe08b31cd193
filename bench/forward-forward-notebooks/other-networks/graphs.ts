// The classes of nodes, by networks of graphs that learn in other ways.
import type {Layer} from "../../../src/ops/core/layer.ts";
import type {Optimizer} from "../../../src/ops/core/optimizers/optimizer.ts";
import type {BatchLoss} from "../../../src/ops/core/task.ts";
import type {ForwardGraphOptions} from "../../../src/ops/forward-forward/graph/forward-graph.ts";
import {ops} from "../../../src/ops/index.ts";
import type {Tensor} from "../../../src/ops/tf.ts";
import type {Figure} from "../../support/recorded-in-node.ts";
import {type DigitsGraph, digitsGraph, type NodeSets, nodeSets} from "./digits-graph.ts";
import {type Effort, searched, type Trained, type TrainingOf} from "./searched.ts";

const {accuracy, adam, fit, freeze, gcnAdjacency, key, layerwise, softmaxCrossEntropy, tf} = ops;
const {feedbackPoints, forwardGraph, onNodes, ternaryError} = ops.forwardForward;

const UNITS = 64;
const RATES = [0.003, 0.01, 0.03];
const POINTS = ["graphConv1", "graphConv2"];
/** Errors of single nodes above it are told as a sign. */
const THRESHOLD = 0.25;

interface Arm {
  model: Layer;
  /** Of backpropagation; the others have one of their own. */
  loss?: BatchLoss;
  /** The one child that learns. */
  only?: string;
}

interface Setting {
  graph: DigitsGraph;
  sets: NodeSets;
  adjacency: Tensor;
}

const network = ({graph, adjacency}: Setting, layers: number) =>
  ops.zoo.gcn({classes: graph.classes, units: Array(layers - 1).fill(UNITS), adjacency});
const lossOf = ({sets}: Setting) => onNodes(sets.labelled, softmaxCrossEntropy);
const forward = ({graph, sets}: Setting, way: Pick<ForwardGraphOptions, "method" | "topDown">): Arm => ({
  model: forwardGraph({graph: {...graph, labelled: sets.labelled}, units: [UNITS, UNITS], ...way}) as Layer
});

const ARMS: Record<string, (at: Setting) => Arm> = {
  "backpropagation, 2 layers": (at) => ({model: network(at, 2) as Layer, loss: lossOf(at)}),
  "one forward pass": (at) => forward(at, {}),
  "one forward pass, top-down": (at) => forward(at, {topDown: true}),
  "Forward-Forward, appended labels": (at) => forward(at, {method: "appended"}),
  "Forward-Forward, virtual nodes": (at) => forward(at, {method: "virtual"}),
  "backpropagation, 3 layers": (at) => ({model: network(at, 3) as Layer, loss: lossOf(at)}),
  "feedback points": (at) => ({
    model: feedbackPoints(network(at, 3), {points: POINTS, loss: lossOf(at)}) as Layer
  }),
  "feedback points, ternary": (at) => {
    // The error of a node is taken for one of the mean over all of them, and here it is over those with labels.
    const errorForm = ternaryError({threshold: (THRESHOLD * at.graph.nodes) / at.sets.labelled.length});
    return {model: feedbackPoints(network(at, 3), {points: POINTS, loss: lossOf(at), errorForm}) as Layer};
  },
  "last layer alone": (at) => ({model: network(at, 3) as Layer, loss: lossOf(at), only: "graphConv3"})
};

/** Accuracies on nodes without a label, and of the first seed the nodes that were told wrongly. */
export async function graphs({steps, seeds}: Effort): Promise<Figure[]> {
  const graph = await digitsGraph();
  const adjacency = gcnAdjacency(graph.nodes, graph.edges);
  const effort = {steps: Math.round(steps / 2), seeds};
  const figures: Figure[] = [];
  for (const [name, arm] of Object.entries(ARMS))
    figures.push(
      ...(await searched(`graph, ${name}`, {rates: RATES, effort}, (of) => {
        const setting = {graph, adjacency, sets: nodeSets(graph, of.seed)};
        return trained(arm(setting), setting, of);
      }))
    );
  adjacency.dispose();
  return figures;
}

async function trained({model, loss, only}: Arm, {graph, sets}: Setting, of: TrainingOf): Promise<Trained> {
  const {rate, seed, steps, isSearch} = of;
  const optimizer: Optimizer = only
    ? layerwise((name) => (name === only ? adam({learningRate: rate}) : freeze()))
    : adam({learningRate: rate});
  const run = fit(model, graph, {
    key: key(seed),
    steps,
    optimizer,
    loss,
    logEvery: steps,
    test: graph,
    evaluateEvery: Math.max(1, Math.round(steps / 10)),
    metrics: {told: onNodes(isSearch ? sets.validation : sets.test, accuracy)}
  });
  const figures: Figure[] = [];
  let score = 0;
  for await (const {step, testTold} of run) {
    if (testTold === undefined) continue;
    score = testTold;
    figures.push({case: `step ${step}`, metric: "test accuracy", value: score});
  }
  if (seed === 0) figures.push(...(await wrongNodes(model, run, {graph, sets})));
  run.dispose();
  return {score, figures};
}

async function wrongNodes(
  model: Layer,
  {params, state}: ReturnType<typeof fit>,
  {graph, sets}: Pick<Setting, "graph" | "sets">
): Promise<Figure[]> {
  const classes = tf.tidy(() => {
    const x = tf.tensor(graph.inputs, [1, ...graph.inputShape]);
    return tf.argMax(model.apply(params, x, {state: state.modelState}), -1);
  });
  const told = await classes.data();
  classes.dispose();
  return sets.test
    .filter((node) => told[node] !== graph.labels[node])
    .map((node) => ({case: `node ${node}`, metric: "class told", value: told[node] as number}));
}
