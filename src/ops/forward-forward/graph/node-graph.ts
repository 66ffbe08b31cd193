// Graphs with a virtual node for each class: dense tensors, made on the device.
import {ArgumentError, checkCount, ShapeError} from "../../core/errors.ts";
import type {Key} from "../../core/key.ts";
import {type Context, expectShape} from "../../core/layer.ts";
import type {BatchLoss} from "../../core/task.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {normalizer} from "../normalization.ts";

/** A graph of which some nodes' classes are known. */
export interface NodeGraph {
  /** How many nodes there are. */
  nodes: number;
  /** Pairs of node numbers, each once, in either direction. */
  edges: readonly (readonly [from: number, to: number])[];
  /** The class of every node; only those of `labelled` are looked at. */
  labels: ArrayLike<number>;
  /** Numbers of the nodes that are trained on. */
  labelled: readonly number[];
  /** Classes, at least 2. */
  classes: number;
}

/** A graph on the device: a layer's state. */
export type GraphTensors = {
  /** 1 where two nodes are linked, else 0: [nodes, nodes]. */
  links: Tensor;
  /** One-hot classes of labelled nodes, zeros for others: [nodes, classes]. */
  known: Tensor;
  /** Features of the virtual nodes, random and fixed: [classes, features]. */
  virtual: Tensor;
};

/** The tensors of a graph. The caller owns them. */
export function graphTensors(graph: NodeGraph, features: number, key: Key): GraphTensors {
  const {nodes, edges, labels, labelled, classes} = graph;
  const links = new Float32Array(nodes * nodes);
  for (const [from, to] of edges) {
    if (from === to) continue;
    links[from * nodes + to] = 1;
    links[to * nodes + from] = 1;
  }
  const known = new Float32Array(nodes * classes);
  for (const node of labelled) known[node * classes + (labels[node] as number)] = 1;
  return {
    links: tf.tensor(links, [nodes, nodes]),
    known: tf.tensor(known, [nodes, classes]),
    virtual: tf.tensor(key.normal(classes * features), [classes, features])
  };
}

/** D^-1/2 (A + I) D^-1/2 of links [n, n], symmetric and without loops (Kipf & Welling 2017). */
export function normalizedLinks(links: Tensor): Tensor {
  return tidy(() => {
    const nodes = links.shape[0] as number;
    const looped = tf.add(links, tf.eye(nodes));
    const scales = tf.rsqrt(tf.sum(looped, 1, true));
    return tf.mul(tf.mul(looped, scales), tf.reshape(scales, [1, nodes]));
  });
}

/** Links with a virtual node for each class behind the others: those of `toClasses` [nodes, classes], in both directions. */
export function withClassNodes(links: Tensor, toClasses: Tensor): Tensor {
  return tidy(() => {
    const classes = toClasses.shape[1] as number;
    const above = tf.concat([links, toClasses], 1);
    const below = tf.concat([tf.transpose(toClasses), tf.zeros([classes, classes])], 1);
    return tf.concat([above, below], 0);
  });
}

/** Features divided by their length, node by node. */
export const ofLengthOne = normalizer("length", 1e-8);

/**
 * A loss or a metric of some nodes alone, for networks that answer for all: `fit(gcn(...), graph, {loss: onNodes(labelled,
 * softmaxCrossEntropy), metrics: {held: onNodes(others, accuracy)}})`. Outputs [1, nodes, classes], labels [1, nodes]. Throws an
 * ArgumentError without nodes.
 *
 * @example
 * import {accuracy, tf} from "petri/core";
 * import {onNodes} from "petri/forward-forward";
 *
 * // Four nodes of two classes; the first two are told right.
 * const scores = tf.tensor3d([[[1, 0], [0, 1], [1, 0], [1, 0]]]);
 * const labels = tf.tensor2d([[0, 1, 1, 1]], [1, 4], "int32");
 * display(await Promise.all([[0, 1], [2, 3]].map((nodes) => onNodes(nodes, accuracy)(scores, labels).data())));
 */
export function onNodes(nodes: readonly number[], of: BatchLoss): BatchLoss {
  if (!Array.isArray(nodes) || nodes.length === 0)
    throw new ArgumentError(`onNodes needs the numbers of some nodes, got ${JSON.stringify(nodes)}.`);
  for (const node of nodes) checkCount("A node's number", node, 0);
  if (typeof of !== "function")
    throw new ArgumentError(`onNodes takes a loss or a metric such as accuracy, got ${String(of)}.`);
  const most = Math.max(...nodes);
  return (outputs, wanted) =>
    tidy(() => {
      // Reading behind the end is an error on one backend, and somebody's numbers on another.
      if (most >= (outputs.shape[1] ?? 0))
        throw new ShapeError(`onNodes: there is no node ${most} in outputs [${outputs.shape.join(", ")}].`);
      const chosen = tf.tensor1d([...nodes], "int32");
      return of(tf.gather(outputs, chosen, 1), tf.gather(wanted, chosen, 1));
    });
}

/** @throws ArgumentError for what is no graph with some known classes */
export function checkGraph(graph: NodeGraph): void {
  const {nodes, edges, labels, labelled, classes} = graph ?? {};
  checkCount("graph.nodes", nodes);
  const isNode = (node: number) => Number.isInteger(node) && node >= 0 && node < nodes;
  const wrong = Array.isArray(edges)
    ? edges.find((pair) => !(pair?.length === 2 && isNode(pair[0]) && isNode(pair[1])))
    : String(edges);
  if (wrong !== undefined)
    throw new ArgumentError(
      `graph.edges must be pairs that join nodes 0 to ${nodes - 1}, got ${JSON.stringify(wrong)}.`
    );
  if (labels?.length !== nodes)
    throw new ArgumentError(
      `graph.labels must have a class for each of the ${nodes} nodes, got ${labels?.length}.`
    );
  if (!Array.isArray(labelled) || labelled.length === 0 || !labelled.every(isNode))
    throw new ArgumentError(
      `graph.labelled must be the numbers of the nodes that are trained on, 0 to ${nodes - 1}, at least one.`
    );
  const strange = labelled.find((node) => {
    const label = labels[node] as number;
    return !(Number.isInteger(label) && label >= 0 && label < classes);
  });
  if (strange !== undefined)
    throw new ArgumentError(
      `graph.labels must be classes from 0 to ${classes - 1}; node ${strange} has ${labels[strange]}.`
    );
}

/** The layer that learns on graphs. */
export const GRAPH = "forwardGraph";

/** The graph that a layer keeps, for features [nodes, features]. Throws where it was not handed over, or is one of other features. */
export function graphOf(context: Context, x: Tensor): GraphTensors {
  const path = context.path || GRAPH;
  const graph = context.state?.[path] as GraphTensors | undefined;
  if (!graph)
    throw new ArgumentError(
      `${path} has no graph: pass {state}, begun with initState(model, inputShape), or to evaluate and predict {modelState: training.state.modelState}.`
    );
  const [nodes, features] = [x.shape[0], graph.virtual.shape[1]];
  expectShape(x.shape[1] === features, path, `[1, ${nodes}, ${features}]`, [1, ...x.shape]);
  return graph;
}

/** 1 for nodes without a label, else 0: [nodes, 1]. */
export const notIn = (known: Tensor): Tensor => tf.sub(1, tf.sum(known, 1, true));

/** Known labels, and equal shares of all classes for nodes without one. */
export const withUnsure = (known: Tensor): Tensor =>
  tf.add(known, tf.div(notIn(known), known.shape[1] as number));
