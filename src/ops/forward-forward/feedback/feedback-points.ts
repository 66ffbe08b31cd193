import {matMul} from "../../../gpu/kernels/matmul.ts";
import {ArgumentError, checkOptions} from "../../core/errors.ts";
import {valueAndGrad} from "../../core/grad.ts";
import {type Initializer, varianceScaling} from "../../core/initializers.ts";
import {type Context, type Layer, type LearningContext, type Shape, shapeAfter} from "../../core/layer.ts";
import {stopGradient} from "../../core/stop-gradient.ts";
import {alignOutputs, type BatchLoss} from "../../core/task.ts";
import type {Params} from "../../core/tree.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {checkFunction, checkInitializer, checkLayers} from "../checks.ts";
import type {ErrorForm} from "./direct-feedback-alignment.ts";
import {classesBy, lossFor, outputError} from "./output-error.ts";
import {stateOf} from "./state.ts";

export interface FeedbackPointsOptions {
  /**
   * Where the error enters: paths of layers ("residual2", "residual2/body/dense1"), or a function of the path that says so. What lies
   * between two of them learns by backpropagation from the second; what lies behind the last learns from the loss.
   */
  points: readonly string[] | ((path: string) => boolean);
  /** Of the fixed projections, [a layer's outputs, the network's]; normal with variance 1 / outputs of the network by default. */
  feedbackInit?: Initializer;
  /** What points get to see of the error: all of it by default; ternaryError() or quantizedError() for less. */
  errorForm?: ErrorForm;
  /** Outputs and labels -> the mean loss: cross-entropy for classes and tokens, mean squared error for targets by default. */
  loss?: BatchLoss;
}

const NAME = "feedbackPoints";

/** A layer that the error is sent to, and the shape of its output and of the network's, for one example. */
interface Point {
  path: string;
  shape: Shape;
}

/**
 * Direct feedback alignment for any network (Launay, Poli, Boniface, Krzakala, NeurIPS 2020): at chosen layers the gradient from
 * above is cut off, and the error of the output enters instead, through a fixed random matrix of the layer's own. Where a layer
 * has the network's positions (tokens, nodes of a graph), each gets the error of its own position through the same matrix; others get
 * that of the whole example. One point for each block of a transformer is the paper's "macro"; points within them are "micro".
 * Parameters are the network's. Throws an ArgumentError for a path that the network does not have.
 *
 * @example
 * import {adam, evaluate, fit, gcnAdjacency, softmaxCrossEntropy} from "petri/core";
 * import {stochasticBlockModel} from "petri/datasets";
 * import {feedbackPoints, onNodes} from "petri/forward-forward";
 * import {gcn} from "petri/zoo";
 *
 * const data = stochasticBlockModel({nodes: 90, seed: 1});
 * const network = gcn({classes: 3, units: [16, 16], adjacency: gcnAdjacency(90, data.edges)});
 * const model = feedbackPoints(network, {
 *   points: ["graphConv1", "graphConv2"],
 *   loss: onNodes(d3.range(15), softmaxCrossEntropy)
 * });
 * const training = fit(model, data, {steps: 60, logEvery: 20, optimizer: adam({learningRate: 0.01})});
 * for await (const row of training) display(row);
 * training.dispose();
 */
export function feedbackPoints<P extends Record<string, Params>>(
  network: Layer<P>,
  options: FeedbackPointsOptions
): Layer<P> {
  checkOptions(NAME, options, {points: true, feedbackInit: true, errorForm: true, loss: true});
  const {points, errorForm, loss} = options;
  const {feedbackInit = varianceScaling({mode: "fanOut", distribution: "normal"})} = options;
  if (typeof points !== "function" && !Array.isArray(points))
    throw new ArgumentError(
      `points must be paths of layers, or a function of a path, got ${String(points)}.`
    );
  checkFunction("errorForm", errorForm, "ternaryError()");
  checkFunction("loss", loss, "softmaxCrossEntropy");
  checkInitializer("feedbackInit", feedbackInit);
  checkLayers("network", [network as Layer]);

  function learn(params: P, x: Tensor, y: Tensor, context: LearningContext) {
    const projections = stateOf(context, NAME) as Record<string, Tensor>;
    const lossOf = loss ?? lossFor(y);
    const surrogate = (at: P): [Tensor, {value: Tensor; outputs: Tensor}] => {
      const cut: [string, Tensor][] = [];
      const tap: Context["tap"] = (path, own) => {
        if (!projections[path]) return own;
        cut.push([path, own]);
        return stopGradient(own);
      };
      const outputs = network.apply(at, x, {...context, tap});
      const value = lossOf(alignOutputs(outputs, y), y);
      const {error} = stopGradient(outputError(stopGradient(outputs), y, lossOf));
      const seen = formed(error, errorForm);
      // The gradient of the sum of products by what a point gave is what is sent to it.
      const sent = cut.map(([path, own]) =>
        tf.sum(tf.mul(own, stopGradient(project(seen, projections[path] as Tensor, own))))
      );
      return [sent.length === 0 ? value : tf.addN([value, ...sent]), {value, outputs}];
    };
    const {value, outputs} = tidy(() => {
      const [[, aux], grads] = valueAndGrad(surrogate, {hasAux: true})(params);
      for (const [name, own] of Object.entries(grads)) context.update(name, own);
      return aux as {value: Tensor; outputs: Tensor};
    });
    return {loss: value, outputs: () => outputs};
  }

  return {
    ...network,
    name: NAME,
    initState: (inputShape, key): Params => {
      const output = shapeAfter(network as Layer, inputShape);
      const chosen = chosenPoints(network as Layer, inputShape, points);
      return Object.fromEntries(
        chosen.map(({path, shape}, i) => [path, feedbackInit(key.fold(i), projectionShape(shape, output))])
      );
    },
    learning: {...classesBy(loss), learn}
  };
}

/** One matrix for all positions where both have the same, else one for whole examples. */
function projectionShape(shape: Shape, output: Shape): Shape {
  const size = (dims: Shape) => dims.reduce((product, dim) => product * dim, 1);
  const isShared = shape.slice(0, -1).join() === output.slice(0, -1).join();
  return isShared ? [shape.at(-1) as number, output.at(-1) as number] : [size(shape), size(output)];
}

/** The error as points see it. Its form is that of single positions' errors, whose mean the loss is. */
function formed(error: Tensor, errorForm: ErrorForm | undefined): Tensor {
  if (!errorForm) return error;
  const count = error.size / (error.shape.at(-1) as number);
  return tf.div(errorForm(tf.mul(error, count)), count);
}

/** error B^T, in the shape of a layer's output. */
function project(error: Tensor, projection: Tensor, like: Tensor): Tensor {
  const rows = tf.reshape(error, [-1, projection.shape[1] as number]);
  return tf.reshape(matMul(rows, projection, undefined, {transposeB: true}), like.shape);
}

function chosenPoints(network: Layer, inputShape: Shape, points: FeedbackPointsOptions["points"]): Point[] {
  const all = pointsIn(network, inputShape, "");
  if (typeof points === "function") return all.filter(({path}) => points(path));
  return points.map((path) => {
    const found = all.find((point) => point.path === path);
    if (!found)
      throw new ArgumentError(
        `There is no layer at ${path}; the network has ${all.map((point) => point.path).join(", ")}.`
      );
    return found;
  });
}

/** Every layer inside, by its path. */
function pointsIn(layer: Layer, inputShape: Shape, path: string): Point[] {
  return (layer.children?.(inputShape) ?? []).flatMap(({name, layer: child, inputShape: shape}) => {
    const at = path === "" ? name : `${path}/${name}`;
    return [{path: at, shape: shapeAfter(child, shape)}, ...pointsIn(child, shape, at)];
  });
}
