import {batchProduct} from "../../../gpu/kernels/batch-product.ts";
import {ArgumentError, checkOptions} from "../../core/errors.ts";
import {type Initializer, lecunNormal} from "../../core/initializers.ts";
import type {Context} from "../../core/layer.ts";
import {softmaxCrossEntropy} from "../../core/losses/cross-entropy.ts";
import {type Tensor, tf} from "../../tf.ts";
import {applyBlock, localGradient, pathOf, rowsOf} from "../block.ts";
import {checkInitializer} from "../checks.ts";
import type {Block, BlockParams, LocalRule} from "../local-rule.ts";

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
  const vote = (each: readonly Tensor[]) =>
    predict === "last" || each.length === 1 ? (each.at(-1) as Tensor) : tf.addN([...each]);
  return {
    name: "monoForward",
    init: (key, {outputShape, classes}) => ({
      projection: projectionInit(key, [outputShape.reduce((size, dim) => size * dim, 1), classes])
    }),
    begin: (x, y) => ({x, y}),
    step(block, {x, y}, context) {
      const {loss, updates, aux} = localGradient(block, (params) => {
        const output = applyBlock(block, x as Tensor, context, params.layer);
        const scores = goodnessOf(output, params);
        return [softmaxCrossEntropy(scores, y as Tensor), {output, scores}];
      });
      const {output, scores} = aux as {output: Tensor; scores: Tensor};
      return {loss, updates, streams: {x: output, y: y as Tensor}, scores};
    },
    predict: (blocks, x, context) => vote(goodnesses(blocks, x, context)),
    vote
  };
}

/** By our own product: on wasm the transposed ones of tfjs's gradient took a third of a step. */
function goodnessOf(output: Tensor, {rule}: BlockParams): Tensor {
  return batchProduct(rowsOf(output), (rule as Projection).projection);
}

/** Of every block, [batch, classes]. */
function goodnesses(blocks: readonly Block[], x: Tensor, context: Context): Tensor[] {
  let at = x;
  return blocks.map((block) => {
    at = applyBlock(block, at, {...context, path: pathOf(block)});
    return goodnessOf(at, block.params);
  });
}
