// What layers of experts do with the shape of their input.
import {ShapeError} from "../../core/errors.ts";
import {expectShape, type Shape} from "../../core/layer.ts";
import {type Tensor, tf} from "../../tf.ts";

/** [batch, ..., features] -> [tokens, features]. */
export function flatTokens(x: Tensor, path: string): Tensor {
  expectShape(x.rank > 1, path, "[batch, ..., features]", x.shape);
  return tf.reshape(x, [-1, x.shape.at(-1) as number]);
}

/** [batch, ..., features] -> [batch, tokens, features]: layers whose tokens see each other keep examples apart. */
export function tokensOfExamples(x: Tensor, path: string): Tensor {
  expectShape(x.rank > 2, path, "[batch, tokens, features]", x.shape);
  return tf.reshape(x, [x.shape[0] as number, -1, x.shape.at(-1) as number]);
}

/** y [..., outputs], in whatever rows, as the tokens of x: [batch, ..., outputs]. */
export const asTokensOf = (x: Tensor, y: Tensor): Tensor =>
  tf.reshape(y, [...x.shape.slice(0, -1), y.shape.at(-1) as number]);

/** The last dimension of a layer's input; throws where there is none. */
export function featuresOf(inputShape: Shape, path: string): number {
  const features = inputShape.at(-1);
  expectShape(features !== undefined, path, "[..., features]", inputShape);
  return features;
}

/** Throws a ShapeError unless a mask has a number for each of the tokens [batch, tokens, ...]. */
export function checkMask(mask: Tensor, {shape: [batch, tokens]}: Tensor, path: string): void {
  if (mask.shape.join() !== `${batch},${tokens}`)
    throw new ShapeError(
      `${path} (mask): expected [${batch}, ${tokens}], a number for each token, got [${mask.shape.join(", ")}].`
    );
}

/** Tokens of one example. */
export const tokenCount = (shape: Shape): number => shape.slice(0, -1).reduce((size, dim) => size * dim, 1);

/** The offsets of groups of `each` rows, int32 [groups + 1]. */
export const evenOffsets = (groups: number, each: number): Tensor =>
  tf.tensor1d(
    Int32Array.from({length: groups + 1}, (_, group) => group * each),
    "int32"
  );
