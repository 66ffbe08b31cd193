// Cosines and sines of multiples of a number. WGSL allows errors of 5e-4 in either, so they are polynomials here.
import {type Tensor, tf, tidy} from "../../tf.ts";
import {constant} from "./basis.ts";

/**
 * cos(x) ... cos(count x), sin(x) ... sin(count x): [rows, inputs] -> [rows, inputs, 2 count]. Multiples by the rule for sums of angles, the
 * gradient by the functions themselves.
 */
export function waves(x: Tensor, count: number): Tensor {
  const compute = tf.customGrad((at, save) => {
    (save as (tensors: Tensor[]) => void)([at as Tensor]);
    return {
      value: tidy(() => values(at as Tensor, count)),
      gradFunc: (dy, saved) =>
        tidy(() => tf.sum(tf.mul(dy, slopes((saved as Tensor[])[0] as Tensor, count)), 2))
    };
  });
  return compute(x);
}

/** -k sin(k x), then k cos(k x). */
function slopes(x: Tensor, count: number): Tensor {
  const both = waves(x, count);
  const part = (from: number) => tf.slice(both, [0, 0, from], [-1, -1, count]);
  const multiples = Array.from({length: count}, (_, i) => i + 1);
  const factors = constant([...multiples.map((k) => -k), ...multiples], [1, 1, 2 * count]);
  return tf.mul(tf.concat([part(count), part(0)], 2), factors);
}

function values(x: Tensor, count: number): Tensor {
  const [cos, sin] = unitCircle(x);
  const [cosines, sines] = [[cos], [sin]];
  for (let k = 1; k < count; ++k) {
    const [c, s] = [cosines[k - 1] as Tensor, sines[k - 1] as Tensor];
    cosines.push(tf.sub(tf.mul(c, cos), tf.mul(s, sin)));
    sines.push(tf.add(tf.mul(s, cos), tf.mul(c, sin)));
  }
  return tf.stack([...cosines, ...sines], 2);
}

/** Two pi in two parts, the first of few bits, so that whole turns are taken away exactly. */
const TURN = [6.28125, 2 * Math.PI - 6.28125] as const;

/** cos x and sin x: those of a quarter of the angle by their series, doubled twice. */
function unitCircle(x: Tensor): [Tensor, Tensor] {
  const turns = tf.round(tf.div(x, 2 * Math.PI));
  const angle = tf.sub(tf.sub(x, tf.mul(turns, TURN[0])), tf.mul(turns, TURN[1]));
  const quarter = tf.div(angle, 4);
  const square = tf.square(quarter);
  const series = (factors: readonly number[]) =>
    factors.reduceRight<Tensor>((sum, factor) => tf.add(tf.mul(sum, square), factor), tf.zerosLike(square));
  let cos = series([1, -1 / 2, 1 / 24, -1 / 720, 1 / 40320]);
  let sin = tf.mul(series([1, -1 / 6, 1 / 120, -1 / 5040, 1 / 362880]), quarter);
  for (let doubling = 0; doubling < 2; ++doubling) {
    const product = tf.mul(sin, cos);
    cos = tf.sub(1, tf.mul(tf.square(sin), 2));
    sin = tf.mul(product, 2);
  }
  return [cos, sin];
}
