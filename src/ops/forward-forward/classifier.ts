// A linear classifier of what blocks give, trained beside them; nothing goes back from it to a block.
import {ArgumentError} from "../core/errors.ts";
import {valueAndGrad} from "../core/grad.ts";
import type {Initializer} from "../core/initializers.ts";
import type {Context, Shape} from "../core/layer.ts";
import {softmaxCrossEntropy} from "../core/losses/cross-entropy.ts";
import type {Params} from "../core/tree.ts";
import {type Tensor, tf} from "../tf.ts";
import {applyBlock, pathOf, rowsOf} from "./block.ts";
import type {Block, LocalHead} from "./local-rule.ts";

/** Streams that begin so, with a block's number behind, hold what the block gave. */
export const FEATURES = "features";

/** Softmax regression on the outputs of the blocks from one on, in streams named features1, features2, ...: {kernel} alone. */
export function classifierHead(predictFrom: number | undefined, kernelInit: Initializer): LocalHead {
  return {
    name: "classifier",
    init(key, places) {
      const seen = places.slice(answersFrom(predictFrom, places.length) - 1);
      const inputs = seen.reduce((sum, {outputShape}) => sum + sizeOf(outputShape), 0);
      return {kernel: kernelInit(key, [inputs, seen[0]?.classes as number])};
    },
    step(params, streams) {
      const numbers = Object.keys(streams).flatMap((name) =>
        name.startsWith(FEATURES) ? [Number(name.slice(FEATURES.length))] : []
      );
      const from = answersFrom(predictFrom, Math.max(...numbers));
      const seen = numbers
        .filter((number) => number >= from)
        .sort((a, b) => a - b)
        .map((number) => streams[`${FEATURES}${number}`] as Tensor);
      const [loss, updates] = valueAndGrad((own: Params) =>
        softmaxCrossEntropy(classifierScores(own, seen), streams.y as Tensor)
      )(params);
      return {loss, updates};
    }
  };
}

/** [batch, classes] from the outputs of blocks. */
export function classifierScores(params: Params, outputs: readonly Tensor[]): Tensor {
  const rows = outputs.map(rowsOf);
  const features = rows.length === 1 ? (rows[0] as Tensor) : tf.concat(rows, 1);
  return tf.matMul(features, (params as {kernel: Tensor}).kernel);
}

/** What every block gives the next, for what the first one is given: `onward` makes it of a block's output. */
export function blockOutputs(
  blocks: readonly Block[],
  x: Tensor,
  context: Context,
  onward: (output: Tensor, block: Block) => Tensor
): Tensor[] {
  let at = x;
  return blocks.map((block) => {
    at = onward(applyBlock(block, at, {...context, path: pathOf(block)}), block);
    return at;
  });
}

/** The block, from 1, whose goodness or outputs are the first to count. */
export function answersFrom(predictFrom: number | undefined, count: number): number {
  if (predictFrom !== undefined && predictFrom > count)
    throw new ArgumentError(
      `predictFrom is ${predictFrom}, and the network has ${count} ${count === 1 ? "block" : "blocks"}: pass a block from 1 to ${count}, or leave it out.`
    );
  return predictFrom ?? Math.min(2, count);
}

const sizeOf = (shape: Shape) => shape.reduce((size, dim) => size * dim, 1);
