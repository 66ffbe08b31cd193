// How a layer of a graph network is told what is right: what it is shown, and what it makes small.
import {softmaxCrossEntropy} from "../../core/losses/cross-entropy.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {type GraphTensors, normalizedLinks, notIn, withClassNodes, withUnsure} from "./node-graph.ts";

/** "single" forward pass; forward-forward with labels "appended" to features, or with links to "virtual" nodes. */
export type GraphMethodName = "single" | "appended" | "virtual";

/** Features of nodes, and the normalised adjacency they are spread by. */
export interface GraphView {
  x: Tensor;
  adjacency: Tensor;
}

export interface GraphMethodOptions {
  /** Goodness above it stands for positive. */
  threshold: number;
  /** Similarities are divided by it before the softmax. */
  temperature: number;
}

export interface GraphMethod {
  /** How many features are appended to those of the nodes. */
  appended(classes: number): number;
  /** What a layer is shown in training; the first is right. */
  training(graph: GraphTensors, x: Tensor): GraphView[];
  /** From a layer's outputs for these. */
  loss(outputs: readonly Tensor[], graph: GraphTensors): Tensor;
  /** Whether the next layer is given the first output in all views. */
  sharesFirst: boolean;
  /** What a network is shown to answer. */
  asking(graph: GraphTensors, x: Tensor): GraphView[];
  /** Scores of the classes from a layer's outputs for these, [nodes, classes]; layers are added up. */
  scores(outputs: readonly Tensor[], graph: GraphTensors): Tensor;
}

/** The method of that name. */
export function graphMethod(name: GraphMethodName, options: GraphMethodOptions): GraphMethod {
  return {single, appended, virtual}[name](options);
}

/** Cross-entropy of the similarities between labelled nodes and the virtual nodes of classes; no negatives. */
function single({temperature}: GraphMethodOptions): GraphMethod {
  const similarities = (output: Tensor, {known}: GraphTensors) => {
    const [nodes = 0, classes = 0] = known.shape;
    const units = output.shape[1] as number;
    const real = tf.slice(output, [0, 0], [nodes, units]);
    const virtuals = tf.slice(output, [nodes, 0], [classes, units]);
    return tf.div(tf.matMul(real, tf.transpose(virtuals)), temperature);
  };
  const view = (graph: GraphTensors, x: Tensor) => [linkedTo(graph, x, graph.known)];
  return {
    appended: () => 0,
    training: view,
    // Targets of nodes without a label are all zero, and so is their loss.
    loss: ([output], graph) =>
      tf.div(
        softmaxCrossEntropy(similarities(output as Tensor, graph), graph.known, {reduction: "sum"}),
        tf.sum(graph.known)
      ),
    sharesFirst: false,
    asking: view,
    scores: ([output], graph) => tf.softmax(similarities(output as Tensor, graph))
  };
}

/** Forward-forward: one-hot labels beside the features; negatives have every wrong one. */
function appended(options: GraphMethodOptions): GraphMethod {
  const view = ({links}: GraphTensors, x: Tensor, shares: Tensor): GraphView => ({
    x: tf.concat([x, shares], 1),
    adjacency: normalizedLinks(links)
  });
  return {
    ...forwardForwardOn(options),
    appended: (classes) => classes,
    training: (graph, x) => everyLabel(graph.known).map((labels) => view(graph, x, withUnsure(labels))),
    sharesFirst: false,
    asking: (graph, x) => everyAnswer(graph.known).map((labels) => view(graph, x, labels))
  };
}

/** Forward-forward: labelled nodes are linked to their class's virtual node; negatives to that of every wrong class. */
function virtual(options: GraphMethodOptions): GraphMethod {
  return {
    ...forwardForwardOn(options),
    appended: () => 0,
    training: (graph, x) => everyLabel(graph.known).map((labels) => linkedTo(graph, x, labels)),
    sharesFirst: true,
    asking: (graph, x) => everyAnswer(graph.known).map((labels) => linkedTo(graph, x, labels))
  };
}

/** The cross-entropy of sigmoid(sum of squares - threshold) at labelled nodes; answers by the mean of squares. */
function forwardForwardOn({threshold}: GraphMethodOptions): Pick<GraphMethod, "loss" | "scores"> {
  const real = (values: Tensor, nodes: number) => tf.slice(values, [0], [nodes]);
  return {
    loss: (outputs, {known}) => {
      const labelled = tf.sum(known, 1);
      const losses = outputs.map((output, i) => {
        const goodness = real(tf.sum(tf.square(output), 1), known.shape[0] as number);
        const excess = tf.sub(goodness, threshold);
        const each = tf.softplus(i === 0 ? tf.neg(excess) : excess);
        return tf.div(tf.sum(tf.mul(each, labelled)), tf.sum(labelled));
      });
      const [positive, ...negatives] = losses as [Tensor, ...Tensor[]];
      return tf.add(positive, tf.div(tf.addN(negatives), negatives.length));
    },
    scores: (outputs, {known}) =>
      tf.stack(
        outputs.map((output) => real(tf.mean(tf.square(output), 1), known.shape[0] as number)),
        1
      )
  };
}

/** The graph with virtual nodes behind the others, linked as `toClasses` says. */
function linkedTo({links, virtual: features}: GraphTensors, x: Tensor, toClasses: Tensor): GraphView {
  return tidy(() => ({
    x: tf.concat([x, features], 0),
    adjacency: normalizedLinks(withClassNodes(links, toClasses))
  })) as unknown as GraphView;
}

/** The known labels, then each of the wrong ones: classes moved on by 1, by 2, ... */
function everyLabel(known: Tensor): Tensor[] {
  const [nodes = 0, classes = 0] = known.shape;
  return Array.from({length: classes}, (_, by) => {
    if (by === 0) return known;
    const wrapped = tf.slice(known, [0, classes - by], [nodes, by]);
    return tf.concat([wrapped, tf.slice(known, [0, 0], [nodes, classes - by])], 1);
  });
}

/** Known labels as they are, and for all other nodes class 0, then class 1, ... */
function everyAnswer(known: Tensor): Tensor[] {
  const classes = known.shape[1] as number;
  const unknown = notIn(known);
  return Array.from({length: classes}, (_, c) => {
    const asked = tf.tensor2d([Array.from({length: classes}, (_, i) => (i === c ? 1 : 0))]);
    return tf.add(known, tf.mul(unknown, asked));
  });
}
