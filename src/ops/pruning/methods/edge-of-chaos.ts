import {ArgumentError, checkNumber} from "../../core/errors.ts";
import {map, type Params} from "../../core/tree.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {applyMasks, type Masks} from "../masks.ts";

/** The activations whose mean field is known here. */
export type MeanFieldActivation = "tanh" | "relu" | "linear";

/** How a wide network is drawn: kernels with variance sigmaW^2 / inputs, biases with sigmaB^2. */
export interface MeanFieldOptions {
  activation: MeanFieldActivation;
  sigmaW: number;
  sigmaB?: number;
}

const FUNCTIONS: Readonly<
  Record<MeanFieldActivation, {f: (x: number) => number; slope: (x: number) => number}>
> = {
  tanh: {f: Math.tanh, slope: (x) => 1 - Math.tanh(x) ** 2},
  relu: {f: (x) => Math.max(0, x), slope: (x) => (x > 0 ? 1 : 0)},
  linear: {f: (x) => x, slope: () => 1}
};

/**
 * The mean field of a wide, deep network at initialisation (Poole et al. 2016; Schoenholz et al. 2017), which decides what pruning by gradients
 * (SNIP) does to it (Hayou et al. 2021): `variance` is that of the pre-activations after many layers, `slope` the factor chi =
 * sigmaW^2 E[f'(z)^2] by which squared gradients grow from a layer to the one before. Below 1 the network is ordered and above chaotic: scores differ
 * exponentially with depth and whole layers vanish. At 1, the edge of chaos, layers are pruned alike.
 *
 * @example
 * import {edgeOfChaos, meanField} from "petri/pruning";
 *
 * const slopes = d3.range(0.5, 2.5, 0.05).map((sigmaW) => ({sigmaW, ...meanField({activation: "tanh", sigmaW, sigmaB: 0.2})}));
 * display(Plot.plot({height: 200, marks: [
 *   Plot.ruleY([1]), Plot.lineY(slopes, {x: "sigmaW", y: "slope"}),
 *   Plot.ruleX([edgeOfChaos({activation: "tanh", sigmaB: 0.2})], {stroke: "red"})
 * ]}));
 */
export function meanField(options: MeanFieldOptions): {variance: number; slope: number} {
  const {activation, sigmaW, sigmaB = 0} = options;
  const {f, slope} = functionsOf(activation);
  checkNumber("sigmaW", sigmaW, 0);
  checkNumber("sigmaB", sigmaB, 0);
  let variance = 1;
  for (let layer = 0; layer < 5000 && variance < 1e12; ++layer) {
    const next = sigmaW ** 2 * expectation((z) => f(Math.sqrt(variance) * z) ** 2) + sigmaB ** 2;
    const isSettled = Math.abs(next - variance) <= 1e-13 * variance;
    variance = next;
    if (isSettled) break;
  }
  return {variance, slope: sigmaW ** 2 * expectation((z) => slope(Math.sqrt(variance) * z) ** 2)};
}

/**
 * The sigmaW with which a network starts on the edge of chaos, where gradients neither vanish nor explode. Kernels are then normal numbers times sigmaW / sqrt(inputs): for
 * ReLU that is He's, with sigmaB = 0, the only one it has.
 */
export function edgeOfChaos(options: {activation: MeanFieldActivation; sigmaB?: number}): number {
  const {activation, sigmaB = 0} = options;
  functionsOf(activation);
  checkNumber("sigmaB", sigmaB, 0);
  if (activation !== "tanh" && sigmaB > 0)
    throw new ArgumentError(`On the edge of chaos of ${activation} biases are zero: leave out sigmaB.`);
  if (activation === "relu") return Math.SQRT2;
  if (activation === "linear" || sigmaB === 0) return 1;
  let [low, high] = [0.1, 50];
  for (let i = 0; i < 40; ++i) {
    const middle = (low + high) / 2;
    if (meanField({activation, sigmaW: middle, sigmaB}).slope < 1) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * The rescaling trick (Hayou et al. 2021): the weights that stay are divided by the root of the second moment that stayed, layer
 * by layer, so that a network drawn on the edge of chaos is there again after pruning. In terms of the weights themselves: each kernel gets back the sum of squares it
 * had before. Parameters without a mask stay. The caller owns what comes out. Left out: Stable ResNets, whose branches are scaled by the depth.
 *
 * @example
 * import {key, mlp} from "petri/core";
 * import {prune, rescaleSurvivors} from "petri/pruning";
 *
 * const params = mlp([64, 64, 10]).init(key(0));
 * const ready = rescaleSurvivors(params, await prune(params, {sparsity: 0.9}));
 * display([params, ready].map((each) => each.dense1.kernel.square().sum().arraySync()));
 */
export function rescaleSurvivors<P extends Params>(params: P, masks: Masks): P {
  const rescaled = (weight: Tensor, _path: string, mask: Tensor | null | undefined, kept: Tensor) => {
    if (!mask) return tf.clone(weight);
    const before = tf.sum(tf.square(weight));
    const after = tf.maximum(tf.sum(tf.square(kept)), 1e-30);
    return tf.mul(kept, tf.sqrt(tf.div(before, after)));
  };
  return tidy(() =>
    map(rescaled as (leaf: Tensor | null) => Tensor, params as Params, masks, applyMasks(params, masks))
  ) as P;
}

/** E[g(z)] for a standard normal z, by the trapezoidal rule, which is exact to many digits for what falls off like this. */
function expectation(g: (z: number) => number): number {
  const [limit, count] = [10, 1000];
  const width = limit / count;
  let sum = 0;
  for (let i = -count; i <= count; ++i) {
    const z = i * width;
    sum += g(z) * Math.exp(-(z * z) / 2);
  }
  return (sum * width) / Math.sqrt(2 * Math.PI);
}

function functionsOf(activation: MeanFieldActivation) {
  if (Object.hasOwn(FUNCTIONS, activation)) return FUNCTIONS[activation];
  throw new ArgumentError(
    `The mean field is known for ${Object.keys(FUNCTIONS).join(", ")}, not for ${JSON.stringify(activation)}.`
  );
}
