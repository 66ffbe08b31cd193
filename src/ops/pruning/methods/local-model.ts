// The loss near some weights as a quadratic that knows the gradient of every example and never forms a Hessian: what CHITA and iCBS stand on.
import {ArgumentError} from "../../core/errors.ts";
import {perExampleGrads} from "../../core/per-example.ts";
import {clone, entries, type Params, unflatten} from "../../core/tree.ts";
import {rowCount} from "../../datasets/dataset.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {kernelsOnly, type Masks} from "../masks.ts";
import {eachBatch, lossOf, type WithData} from "../scores/evidence.ts";

/** As many gradients of examples by weights are held at most: a gigabyte of them. */
const MOST = 2 ** 28;

/** The gradients of examples by the prunable weights, which are numbered through all parameters. */
export interface LocalModel {
  /** Examples. */
  count: number;
  /** Weights. */
  size: number;
  /** [size, count]: the gradients of one weight lie together. */
  slopes: Float32Array;
}

/** Throws where the gradients of all examples would be too many. */
export async function localModel(params: Params, evidence: WithData): Promise<LocalModel> {
  const count = rowCount(evidence.data);
  const paths = prunablePaths(params, evidence);
  const size = entries<Tensor>(params).reduce(
    (sum, {path, leaf}) => sum + (paths.has(path) ? leaf.size : 0),
    0
  );
  if (size === 0) throw new ArgumentError("Nothing to prune: `prunable` chose no parameter.");
  if (count * size > MOST)
    throw new ArgumentError(
      `The gradients of ${count} examples by ${size} weights are more than ${MOST} numbers: pass fewer rows in \`data\`, or fewer weights with \`prunable\`.`
    );
  const slopes = new Float32Array(size * count);
  const loss = lossOf(evidence);
  const batches = eachBatch(evidence, (x, y) =>
    entries<Tensor>(perExampleGrads(loss, params, x, y)).flatMap(({path, leaf}) =>
      paths.has(path) ? [leaf] : []
    )
  );
  let first = 0;
  for (const grads of batches) {
    let offset = 0;
    const rows = grads[0]?.shape[0] as number;
    for (const grad of grads) {
      const values = await grad.data();
      const width = grad.size / rows;
      for (let row = 0; row < rows; ++row)
        for (let i = 0; i < width; ++i)
          slopes[(offset + i) * count + first + row] = values[row * width + i] as number;
      offset += width;
      grad.dispose();
    }
    first += rows;
  }
  return {count, size, slopes};
}

/** The sum of the slopes of weights times changes, one number an example. */
export function along({count, slopes}: LocalModel, changes: Float64Array): Float64Array {
  const out = new Float64Array(count);
  changes.forEach((change, i) => {
    if (change !== 0) addSlopes(out, slopes, i, change);
  });
  return out;
}

/** out += change times the slopes of weight i. */
export function addSlopes(out: Float64Array, slopes: Float32Array, i: number, change: number): void {
  const at = i * out.length;
  for (let row = 0; row < out.length; ++row)
    out[row] = (out[row] as number) + change * (slopes[at + row] as number);
}

/** The sum over examples of weight i's slope times a number an example. */
export function against({slopes}: LocalModel, i: number, each: Float64Array): number {
  const at = i * each.length;
  let sum = 0;
  for (let row = 0; row < each.length; ++row) sum += (slopes[at + row] as number) * (each[row] as number);
  return sum;
}

/** Which parameters are prunable. */
function prunablePaths(params: Params, {prunable = kernelsOnly}: WithData): ReadonlySet<string> {
  return new Set(entries<Tensor>(params).flatMap(({path, leaf}) => (prunable(path, leaf) ? [path] : [])));
}

/** The prunable weights one after the other. */
export async function readWeights(params: Params, evidence: WithData): Promise<Float64Array> {
  const paths = prunablePaths(params, evidence);
  const parts = await Promise.all(
    entries<Tensor>(params).flatMap(({path, leaf}) => (paths.has(path) ? [leaf.data()] : []))
  );
  return Float64Array.from(parts.flatMap((part) => Array.from(part)));
}

/** Parameters like the given ones with these prunable weights. The caller owns them. */
export function withWeights<P extends Params>(params: P, evidence: WithData, weights: Float64Array): P {
  return withLeaves(params, evidence, weights, (leaf) => leaf.clone()) as P;
}

/** Masks of the prunable weights from marks. The caller owns them. */
export function masksFrom(params: Params, evidence: WithData, marks: ArrayLike<number>): Masks {
  return withLeaves(params, evidence, marks, () => null);
}

function withLeaves(
  params: Params,
  evidence: WithData,
  values: ArrayLike<number>,
  other: (leaf: Tensor) => Tensor | null
): Masks {
  const paths = prunablePaths(params, evidence);
  let at = 0;
  return unflatten(
    params,
    entries<Tensor>(params).map(({path, leaf}) => {
      if (!paths.has(path)) return other(leaf);
      const from = at;
      at += leaf.size;
      return tf.tensor(
        Float32Array.from({length: leaf.size}, (_, i) => values[from + i] as number),
        leaf.shape
      );
    })
  );
}

/** The mean loss over the data. */
export async function lossAt(params: Params, evidence: WithData): Promise<number> {
  const loss = lossOf(evidence);
  const parts = eachBatch(evidence, (x, y, share) => tf.mul(loss(params, x, y), share));
  const sum = tidy(() => clone(tf.addN(parts)));
  const [value = NaN] = await sum.data();
  tf.dispose([sum, ...parts]);
  return value;
}
