import * as tf from "../tfjs.ts";
import {batchProduct} from "./batch-product.ts";
import type {SplineAttrs} from "./spline-grid.ts";

/** A layer of splines in ordinary operations, all bases of all inputs at once: for gradients of gradients. */
export function composedSpline(inputs: Record<string, tf.Tensor>, attrs: SplineAttrs): tf.Tensor {
  const {coefficients, baseWeights} = inputs;
  const weights = coefficients as tf.Tensor;
  const [count = 0, bases = 0, outputs = 0] = weights.shape;
  const [features, residuals] = composedFeatures(inputs, attrs);
  const y = batchProduct(features as tf.Tensor, tf.reshape(weights, [count * bases, outputs]));
  return baseWeights ? tf.add(y, batchProduct(residuals as tf.Tensor, baseWeights)) : y;
}

/** The bases of all numbers x, [rows, inputs bases], and the function beside the splines, if there is one, [rows, inputs]. */
export function composedFeatures({x, knots}: Record<string, tf.Tensor>, attrs: SplineAttrs): tf.Tensor[] {
  const at = x as tf.Tensor;
  const [rows = 0, inputs = 0] = at.shape;
  const basis = splineBases(at, knots ?? uniformKnots(attrs), attrs);
  const features = tf.reshape(basis, [rows, inputs * (attrs.intervals + attrs.order)]);
  if (attrs.base === "zero") return [features];
  return [features, attrs.base === "identity" ? at : tf.mul(at, tf.sigmoid(at))];
}

function uniformKnots({order, intervals, low, high}: SplineAttrs): tf.Tensor {
  const step = (high - low) / intervals;
  const count = intervals + 2 * order + 1;
  return tf.tensor2d(
    Array.from({length: count}, (_, i) => low + (i - order) * step),
    [1, count]
  );
}

/** All bases, [rows, inputs, intervals + order], degree by degree. Reciprocals of equal knots' distances are 0. */
function splineBases(x: tf.Tensor, knots: tf.Tensor, {order, intervals}: SplineAttrs): tf.Tensor {
  const column = tf.expandDims(x, 2);
  const part = (start: number, count: number) =>
    tf.expandDims(tf.slice(knots, [0, start], [knots.shape[0] ?? 1, count]), 0);
  let count = intervals + 2 * order;
  const isInside = tf.logicalAnd(tf.greaterEqual(column, part(0, count)), tf.less(column, part(1, count)));
  let bases = tf.cast(isInside, "float32");
  for (let degree = 1; degree <= order; ++degree) {
    --count;
    const share = (start: number, own: number) => {
      const distance = tf.sub(part(start + degree, own), part(start, own));
      const isApart = tf.greater(distance, 0);
      const safe = tf.where(isApart, distance, tf.onesLike(distance));
      return tf.div(tf.cast(isApart, "float32"), safe);
    };
    const rising = tf.mul(tf.sub(column, part(0, count)), share(0, count));
    const falling = tf.mul(tf.sub(part(degree + 1, count), column), share(1, count));
    const [shape, start] = [[bases.shape[0] ?? 0, bases.shape[1] ?? 0, count] as const, [0, 0, 1] as const];
    bases = tf.add(
      tf.mul(rising, tf.slice(bases, [0, 0, 0], [...shape])),
      tf.mul(falling, tf.slice(bases, [...start], [...shape]))
    );
  }
  return bases;
}
