import {type Tensor, tf, tidy} from "../tf.ts";
import {ShapeError} from "./errors.ts";
import {grad} from "./grad.ts";
import {leaves, type Params, unflatten} from "./tree.ts";

/**
 * The gradient of the loss of every example by itself: a tree like `params` whose leaves have the batch in front,
 * [batch, ...shape]. The loss is that of a batch, `loss(params, x, y)`, and is given batches of one: exact for every layer
 * that treats examples apart (batch norms in training do not). Takes a backward pass an example.
 * Throws a ShapeError where the data differ in their first dimension.
 *
 * @example
 * import {dense, key, perExampleGrads, softmaxCrossEntropy, tf} from "petri/core";
 *
 * const layer = dense({units: 3});
 * const params = layer.init(key(0), [4]);
 * const loss = (at, x, y) => softmaxCrossEntropy(layer.apply(at, x), y);
 * const grads = perExampleGrads(loss, params, tf.ones([5, 4]), tf.tensor1d([0, 1, 2, 0, 1], "int32"));
 * display(grads.kernel.shape);
 */
export function perExampleGrads<P extends Params, D extends Tensor[]>(
  loss: (params: P, ...data: D) => Tensor,
  params: P,
  ...data: D
): P {
  const count = data[0]?.shape[0] ?? 0;
  if (count === 0 || data.some(({shape}) => shape[0] !== count)) {
    const shapes = data.map(({shape}) => `[${shape.join(", ")}]`).join(", ");
    throw new ShapeError(
      `perExampleGrads: expected data of the shapes [batch, ...], got ${shapes || "none"}.`
    );
  }
  return tidy(() => {
    const rows = Array.from({length: count}, (_, i) =>
      tidy(() => {
        const one = data.map((each) => tf.slice(each, [i], [1])) as D;
        return leaves<Tensor>(grad(loss)(params, ...one));
      })
    );
    const stacked = leaves<Tensor>(params).map((_leaf, at) => tf.stack(rows.map((row) => row[at] as Tensor)));
    return unflatten(params, stacked) as P;
  });
}
