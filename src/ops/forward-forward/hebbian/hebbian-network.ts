import {ArgumentError, checkOptions} from "../../core/errors.ts";
import {valueAndGrad} from "../../core/grad.ts";
import type {Key} from "../../core/key.ts";
import {
  applyChild,
  type Child,
  type Context,
  initChild,
  inScope,
  type Layer,
  type LearningContext,
  numbered,
  type Shape,
  shapeAfter
} from "../../core/layer.ts";
import {dense} from "../../core/layers/dense.ts";
import {flatten} from "../../core/layers/flatten.ts";
import {sequential} from "../../core/layers/sequential.ts";
import {softmaxCrossEntropy} from "../../core/losses/cross-entropy.ts";
import {leaves, type Params} from "../../core/tree.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {checkClassNumbers, checkLayers} from "../checks.ts";
import {checkClasses} from "../local-network.ts";
import type {HebbianLayer} from "./hebbian-layer.ts";

export interface HebbianNetworkOptions {
  /** Layers with a Hebbian rule, and what lies between them: norms, nonlinearities, pools, which learn nothing. */
  layers: readonly Layer[];
  /** Classes of the labels, at least 2. */
  classes: number;
  /** What tells the classes from the last layer's output, trained by its own cross-entropy; a dense layer by default. */
  head?: Layer;
}

/** Parameters by layer, and those of the head: {softHebbDense1: {kernel}, ..., head: ...}. */
export type HebbianParams = Record<string, Params>;

const optionNames: Readonly<Record<keyof HebbianNetworkOptions, true>> = {
  layers: true,
  classes: true,
  head: true
};

/**
 * A network of layers that learn by Hebbian rules, without labels and without anything coming back, and a head that learns the
 * classes from what they answer. Applied, it gives the head's scores, [batch, classes]. `fit` trains all of them in one pass;
 * give each its own optimizer with layerwise, which a Hebbian layer goes down as far as its rule says:
 * layerwise((name) => name === "head" ? adam() : sgd({learningRate: 0.1})), or freeze() for those that shall wait. The rows tell
 * the head's loss, and the mean length of the weights of each Hebbian layer's units as norm1, norm2, ...
 * Throws an ArgumentError without a Hebbian layer and with fewer than two classes.
 *
 * @example
 * import {adam, fit, flatten, layerwise, sgd} from "petri/core";
 * import {digits} from "petri/datasets";
 * import {hebbianNetwork, softHebbDense, triangle} from "petri/forward-forward";
 *
 * const layers = [flatten(), softHebbDense({units: 48}), triangle()];
 * const model = hebbianNetwork({layers, classes: 10});
 * const optimizer = layerwise((name) => (name === "head" ? adam({learningRate: 0.02}) : sgd({learningRate: 0.1})));
 * const training = fit(model, await digits(), {steps: 60, logEvery: 20, optimizer});
 * for await (const {step, loss, norm1} of training) display({step, loss, norm1});
 * training.dispose();
 */
export function hebbianNetwork(options: HebbianNetworkOptions): Layer<HebbianParams> {
  const {layers, classes, head} = checked(options);
  const all = [...layers, head];
  const names = [...numbered(layers), HEAD];
  const nameOf = (index: number) => names[index] as string;

  const children = (inputShape: Shape): Child[] => {
    let shape = inputShape;
    return all.map((layer, i) => {
      const child = {name: nameOf(i), layer, inputShape: shape};
      shape = shapeAfter(layer, shape);
      return child;
    });
  };
  const applied = (params: HebbianParams, index: number, x: Tensor, context: Context | undefined) =>
    applyChild(
      {layer: all[index] as Layer, name: nameOf(index), index},
      params[nameOf(index)] ?? {},
      x,
      context
    );

  function learn(params: HebbianParams, x: Tensor, y: Tensor, context: LearningContext) {
    checkClassNumbers("hebbianNetwork", x, y);
    const norms: Tensor[] = [];
    let at = x;
    for (const [i, layer] of layers.entries()) {
      const below = at;
      const name = nameOf(i);
      if (isHebbian(layer)) {
        const own = params[name] as Params;
        tidy(() => {
          const path = context.path ? `${context.path}/${name}` : name;
          context.update(name, layer.hebbian(own, below, {...context, path, key: context.key?.fold(i)}));
        });
        norms.push(meanNorm(own));
      }
      at = applied(params, i, below, context);
    }
    const features = at;
    const headLoss = (own: Params): [Tensor, Tensor] => {
      const scores = applied({[HEAD]: own}, layers.length, features, context);
      return [softmaxCrossEntropy(scores, y), scores];
    };
    const [[loss, scores], grads] = valueAndGrad(headLoss, {hasAux: true})(params[HEAD] as Params);
    context.update(HEAD, grads);
    return {loss, outputs: () => tf.clone(scores as Tensor), figures: norms};
  }

  return {
    name: "hebbianNetwork",
    init: (key: Key, inputShape, path) =>
      tidy(() => {
        const params: HebbianParams = {};
        children(inputShape).forEach(({name, layer, inputShape: shape}, index) => {
          const own = initChild({layer, name, index}, key, shape, path);
          if (leaves(own).length > 0) params[name] = own;
        });
        return params;
      }),
    apply: (params, x, context) =>
      inScope(context, (inner) => all.reduce((at: Tensor, _, i) => applied(params, i, at, inner), x)),
    outputShape: () => [classes],
    children,
    learning: {figures: layers.filter(isHebbian).map((_, i) => `norm${i + 1}`), classes, learn}
  };
}

const HEAD = "head";

/** The mean length of the weights of a unit, its last dimension being the units. */
function meanNorm(params: Params): Tensor {
  const {kernel} = params as {kernel: Tensor};
  return tidy(() => {
    const flat = tf.reshape(kernel, [-1, kernel.shape.at(-1) as number]);
    return tf.mean(tf.sqrt(tf.sum(tf.square(flat), 0)));
  });
}

function checked(options: HebbianNetworkOptions): Required<HebbianNetworkOptions> {
  checkOptions("hebbianNetwork", options, optionNames);
  const {layers, classes} = options;
  checkClasses(classes);
  if (!Array.isArray(layers) || !layers.some(isHebbian))
    throw new ArgumentError(
      "hebbianNetwork needs at least one layer with a Hebbian rule, such as softHebbDense({units: 64}); got none."
    );
  checkLayers("layers", layers);
  if (options.head !== undefined) checkLayers("head", [options.head]);
  return {layers, classes, head: options.head ?? (sequential([flatten(), dense({units: classes})]) as Layer)};
}

/** True for layers with a Hebbian rule. */
function isHebbian(layer: Layer): layer is HebbianLayer {
  return typeof (layer as Partial<HebbianLayer> | undefined)?.hebbian === "function";
}
