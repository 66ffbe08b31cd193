import {placeRows, topK} from "../../../gpu/kernels/top-k.ts";
import {ArgumentError, checkCount, checkNumber} from "../../core/errors.ts";
import {lecunNormal, zeros} from "../../core/initializers.ts";
import {type Context, expectShape, inScope, type Layer, shapeAfter} from "../../core/layer.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {shareOver} from "./subnetwork.ts";

export interface KSparseOptions {
  /** How many activations of an example stay. */
  k: number;
  /** Steps over which k falls to that, in a straight line; none by default. */
  steps?: number;
  /** How many stay at first, with `steps`; all by default. */
  from?: number;
  /** In evaluation this times k stay, rounded, 1 by default. */
  testFactor?: number;
}

/**
 * Keeps the k largest activations of each example and sets the others to zero (Makhzani & Frey 2014), [batch, units] -> the same;
 * of equal ones the lower index. Gradients go through those that stay.
 *
 * @example
 * import {tf} from "petri/core";
 * import {kSparse} from "petri/pruning";
 *
 * display(kSparse({k: 2}).apply({}, tf.tensor2d([[1, 5, -3, 4], [0, -1, -2, -3]])).arraySync());
 */
export function kSparse(options: KSparseOptions): Layer<Record<never, never>> {
  const {k, steps, from, testFactor = 1} = options;
  checkCount("k", k);
  checkNumber("testFactor", testFactor, 0);
  if (steps !== undefined) checkCount("steps", steps);
  if (from !== undefined) checkCount("from", from, k);
  if (from !== undefined && steps === undefined)
    throw new ArgumentError("from needs steps: over how many of them does k fall?");
  const name = "kSparse";
  return {
    name,
    init(_key, inputShape, path = name) {
      expectShape(
        inputShape.length === 1 && (inputShape[0] as number) >= k,
        path,
        `[at least ${k}]`,
        inputShape
      );
      return {};
    },
    apply(_params, x, context) {
      const path = context?.path ?? name;
      expectShape(x.rank === 2 && (x.shape[1] as number) >= k, path, `[batch, at least ${k}]`, x.shape);
      const units = x.shape[1] as number;
      if (!context?.training || steps === undefined) {
        const count = context?.training ? k : Math.min(units, Math.max(1, Math.round(k * testFactor)));
        return tidy(() => keepInRows(x, count));
      }
      const {step} = (context.state?.[path] ?? {}) as {step?: Tensor};
      if (!step)
        throw new ArgumentError(
          `${path} counts its steps in its state: use fit, or pass {state: initState(model, inputShape), setState}.`
        );
      const first = Math.min(units, from ?? units);
      const y = tidy(() => {
        const now = tf.round(tf.sub(first, tf.mul(shareOver(step, 0, steps), first - k)));
        return keepInRows(x, first, now);
      });
      context.setState?.(path, {step: tf.add(step, 1)});
      return y;
    },
    ...(steps !== undefined && {initState: () => ({step: tf.scalar(0)})})
  };
}

/** x with the `most` largest of each row; with `now`, a scalar, only so many of them. */
function keepInRows(x: Tensor, most: number, now?: Tensor): Tensor {
  const {values, indices} = topK(x, most);
  const kept = now
    ? tf.mul(values, tf.cast(tf.less(tf.reshape(tf.range(0, most), [1, most]), now), "float32"))
    : values;
  return placeRows(kept, indices, x.shape[1] as number);
}

/** Parameters of a k-sparse autoencoder: kernel [inputs, units], bias [units], outputBias [inputs]. */
export type KSparseAutoencoderParams = {kernel: Tensor; bias: Tensor; outputBias: Tensor};

/** An autoencoder that can be asked for its codes. */
export interface KSparseAutoencoder extends Layer<KSparseAutoencoderParams> {
  /** The codes of evaluation, [batch, units]: testFactor x k numbers a row are not zero. */
  encode(params: KSparseAutoencoderParams, x: Tensor): Tensor;
}

/**
 * The k-sparse autoencoder (Makhzani & Frey 2014): a linear autoencoder with tied weights whose codes have k numbers, z = x W + b, the
 * k largest stay, y = z W^T + b'. Train it to give back its inputs (a dataset whose targets are they). [batch, inputs] -> the same.
 *
 * @example
 * import {fit, key, random, tf} from "petri/core";
 * import {kSparseAutoencoder} from "petri/pruning";
 *
 * const inputs = random.uniform(key(0), [200, 16]).dataSync();
 * const data = {name: "noise", inputs, inputShape: [16], targets: inputs, targetShape: [16]};
 * const model = kSparseAutoencoder({units: 32, k: 4, steps: 50});
 * const training = fit(model, data, {steps: 100});
 * for await (const row of training);
 * display(model.encode(training.params, tf.tensor2d(inputs, [200, 16])).notEqual(0).sum(1).max().arraySync());
 * training.dispose();
 */
export function kSparseAutoencoder(options: KSparseOptions & {units: number}): KSparseAutoencoder {
  const {units, ...rest} = options;
  checkCount("units", units);
  checkCount("units", units, rest.k);
  const keep = kSparse(rest);
  const name = "kSparseAutoencoder";
  const codes = ({kernel, bias}: KSparseAutoencoderParams, x: Tensor, context?: Context) =>
    keep.apply({}, tf.add(tf.matMul(x, kernel), bias), context);
  return {
    name,
    init(key, inputShape, path = name) {
      const [inputs] = inputShape;
      expectShape(inputShape.length === 1 && inputs !== undefined, path, "[inputs]", inputShape);
      return {
        kernel: lecunNormal(key, [inputs, units]),
        bias: zeros(key, [units]),
        outputBias: zeros(key, [inputs])
      };
    },
    apply(params, x, context) {
      const path = context?.path ?? name;
      expectShape(
        x.rank === 2 && x.shape[1] === params.kernel.shape[0],
        path,
        `[batch, ${params.kernel.shape[0]}]`,
        x.shape
      );
      return inScope({...context, path}, (inner) => {
        const z = codes(params, x, inner);
        return tf.add(tf.matMul(z, params.kernel, false, true), params.outputBias);
      });
    },
    encode: (params, x) => tidy(() => codes(params, x)),
    outputShape: (shape) => shapeAfter(keep as Layer, shape),
    ...(keep.initState && {initState: keep.initState}),
    flops: ([inputs = 0]) => 4 * inputs * units
  };
}
