import {batchProduct} from "../../../gpu/kernels/batch-product.ts";
import {ArgumentError, checkOptions} from "../../core/errors.ts";
import {type Initializer, lecunNormal} from "../../core/initializers.ts";
import type {Params} from "../../core/tree.ts";
import type {Tensor} from "../../tf.ts";
import {rowsOf} from "../block.ts";
import {checkInitializer} from "../checks.ts";
import {classifyingRule} from "../classifying-rule.ts";
import type {LocalRule} from "../local-rule.ts";

export interface MonoForwardOptions {
  /** Whose goodness answers: the "sum" of all blocks (the default), or the "last" block alone. */
  predict?: "sum" | "last";
  /** Of the projections, by inputs and classes; LeCun's by default. */
  projectionInit?: Initializer;
}

/** A projection from a block's output to the classes, [features, classes]. */
type Projection = {projection: Tensor};

/**
 * Mono-Forward (Gong, Li, Abdulla, arXiv:2501.09238): each block has a projection M, the goodness of class c for an output a is
 * (a M)_c, and the softmax cross-entropy of the goodnesses with the label trains the block and M. One forward pass, no negative data.
 *
 * @example
 * import {dense, evaluate, fit} from "petri/core";
 * import {digits} from "petri/datasets";
 * import {localNetwork, monoForward} from "petri/forward-forward";
 *
 * const data = await digits();
 * const blocks = [64, 64].map((units) => dense({units, activation: "relu"}));
 * const model = localNetwork({blocks, rule: monoForward({predict: "last"}), classes: 10});
 * const training = fit(model, data, {steps: 80, logEvery: 40});
 * for await (const row of training);
 * display(await evaluate(model, training.params, data));
 * training.dispose();
 */
export function monoForward(options: MonoForwardOptions = {}): LocalRule {
  checkOptions("monoForward", options, {predict: true, projectionInit: true});
  const {predict = "sum", projectionInit = lecunNormal} = options;
  if (predict !== "sum" && predict !== "last")
    throw new ArgumentError(`predict must be "sum" or "last", got ${String(predict)}.`);
  checkInitializer("projectionInit", projectionInit);
  return classifyingRule({
    name: "monoForward",
    votes: predict,
    init: (key, {outputShape, classes}) => ({
      projection: projectionInit(key, [outputShape.reduce((size, dim) => size * dim, 1), classes])
    }),
    scoresOf: goodnessOf
  });
}

/** By our own product: on wasm the transposed ones of tfjs's gradient took a third of a step. */
function goodnessOf(output: Tensor, rule: Params | undefined): Tensor {
  return batchProduct(rowsOf(output), (rule as Projection).projection);
}
