import {ArgumentError, checkNumber, checkOptions} from "../../core/errors.ts";
import type {Layer} from "../../core/layer.ts";
import {softmaxCrossEntropy} from "../../core/losses/cross-entropy.ts";
import {normal, uniform} from "../../core/random.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {
  type ContinuousOptions,
  type ContinuousParams,
  continuousNetwork,
  continuousOptionNames,
  type Network,
  timeAt
} from "./continuous.ts";
import {initLearnedNoise, learnedNoise, type NoiseAt} from "./learned-noise.ts";

export interface NoPropCTOptions extends ContinuousOptions {
  /** eta, the weight of the denoising errors, 1 by default. */
  eta?: number;
  /** Minus the logarithm of signal over noise at times 0 and 1, from which training starts: [5, -5] by default. */
  gamma?: readonly [number, number];
}

const optionNames = {...continuousOptionNames, eta: true, gamma: true} as const;

/** Beyond it, what is left of a label, or of the noise, is lost to the rounding of single precision. */
const MOST = 15;

function checkGamma(gamma: unknown): void {
  const [from, to] = Array.isArray(gamma) ? gamma : [];
  const isIn = (end: unknown) => typeof end === "number" && Math.abs(end) <= MOST;
  if (isIn(from) && isIn(to) && from > to) return;
  throw new ArgumentError(
    `gamma must fall from time 0 to time 1, as [5, -5] does, between ${MOST} and -${MOST}; got ${Array.isArray(gamma) ? `[${gamma.join(", ")}]` : String(gamma)}.`
  );
}

/** The child of the parameters that is the schedule. */
const SCHEDULE = "schedule";

/**
 * NoProp in continuous time (Li, Teh & Pascanu, arXiv:2503.24322): one network that is told the time instead of one block for every
 * step. It learns to tell the embedding u of the label from the input and z = sqrt(alphaBar) u + sqrt(1 - alphaBar) noise at times t drawn
 * evenly from 0 to 1, eta/2 SNR'(t) |u_hat - u|^2, so that no training step goes through more than one passage of the network. u_hat weighs
 * embeddings by the softmax of its outputs. How much noise there is when is learned with it (see `learnedNoise`), and a linear
 * classifier reads z at time 1. To answer, noise follows dz/dt = -gamma'/2 (sqrt(alphaBar) u_hat - alphaBar z), along which z stays as
 * noised as the schedule says, from time 0 to 1.
 *
 * Applied, it gives the classifier's scores, [batch, classes]; its noise comes from the context's key, and is the same in every
 * application without one. A tap sees z0, z1, ... on the way. Rows of a training tell the objective as loss, and its parts as lossDenoising,
 * lossClassifier and divergence (of z at time 0 from pure noise). Throws an ArgumentError for fewer than two classes and for gammas that do not fall.
 *
 * @example
 * import {adam, evaluate, fit} from "petri/core";
 * import {digits} from "petri/datasets";
 * import {noPropCT} from "petri/forward-forward";
 *
 * const data = await digits();
 * const model = noPropCT({classes: 10, steps: 10});
 * const training = fit(model, data, {steps: 80, logEvery: 40, optimizer: adam({learningRate: 0.005})});
 * for await (const row of training) display(row);
 * display(await evaluate(model, training.params, data));
 * training.dispose();
 */
export function noPropCT(options: NoPropCTOptions): Layer<ContinuousParams> {
  checkOptions("noPropCT", options, optionNames);
  const {eta = 1, gamma = [5, -5], ...shared} = options;
  checkNumber("eta", eta, 0);
  checkGamma(gamma);
  return continuousNetwork(shared, {
    name: "noPropCT",
    outputs: () => shared.classes,
    init: (key) => ({[SCHEDULE]: initLearnedNoise(key, gamma)}),
    figures: ["lossDenoising", "lossClassifier", "divergence"],
    loss(network, {labels, u, key}) {
      const rows = u.shape[0] as number;
      const times = uniform(key.fold(0), [rows, 1]);
      const at = (t: Tensor) => learnedNoise(network.params[SCHEDULE] as never, t);
      const now = at(times);
      const z = noisedBy(now, u, normal(key.fold(1), u.shape));
      const denoising = continuousDenoisingLoss(now, guessOf(network, z, times), u, eta);
      const last = noisedBy(at(tf.ones([1, 1])), u, normal(key.fold(2), u.shape));
      const classifying = softmaxCrossEntropy(network.scores(last), labels);
      const prior = divergenceFromNoise(at(tf.zeros([1, 1])), u);
      return {
        loss: tf.add(tf.add(denoising, classifying), prior),
        parts: [denoising, classifying, prior]
      };
    },
    velocities(network, times) {
      const {alphaBar, slope} = learnedNoise(network.params[SCHEDULE] as never, times);
      return (z, at) => {
        const now = {alphaBar: timeAt(alphaBar, at), slope: timeAt(slope, at)};
        return denoisingVelocity(now, guessOf(network, z, timeAt(times, at)), z);
      };
    }
  });
}

function guessOf(network: Network, z: Tensor, times: Tensor): Tensor {
  return tf.matMul(tf.softmax(network.told(z, times)), network.table);
}

/** sqrt(alphaBar) u + sqrt(1 - alphaBar) noise. */
function noisedBy({alphaBar}: NoiseAt, u: Tensor, noise: Tensor): Tensor {
  return tf.add(tf.mul(u, tf.sqrt(alphaBar)), tf.mul(noise, tf.sqrt(tf.sub(1, alphaBar))));
}

/** What NoProp-CT makes small at times: the mean over the batch of eta/2 SNR' |guess - u|^2, with SNR = exp(-gamma). */
export function continuousDenoisingLoss({gamma, slope}: NoiseAt, guess: Tensor, u: Tensor, eta = 1): Tensor {
  return tidy(() => {
    const weight = tf.neg(tf.mul(slope, tf.exp(tf.neg(gamma))));
    const errors = tf.sum(tf.square(tf.sub(guess, u)), 1, true);
    return tf.mul(tf.mean(tf.mul(weight, errors)), eta / 2);
  });
}

/** dz/dt = -gamma'/2 (sqrt(alphaBar) guess - alphaBar z): for the right guess z stays sqrt(alphaBar) u + sqrt(1 - alphaBar) noise, with the same noise. */
export function denoisingVelocity(
  {alphaBar, slope}: Pick<NoiseAt, "alphaBar" | "slope">,
  guess: Tensor,
  z: Tensor
): Tensor {
  return tidy(() => {
    const towards = tf.sub(tf.mul(guess, tf.sqrt(alphaBar)), tf.mul(z, alphaBar));
    return tf.mul(tf.mul(towards, slope), -0.5);
  });
}

/** The mean over the batch of KL(N(sqrt(alphaBar) u, 1 - alphaBar) || N(0, 1)), in nats. */
function divergenceFromNoise({alphaBar}: NoiseAt, u: Tensor): Tensor {
  return tidy(() => {
    const length = tf.mul(tf.mean(tf.sum(tf.square(u), 1)), alphaBar);
    const rest = tf.mul(tf.add(alphaBar, tf.log(tf.sub(1, alphaBar))), u.shape[1] as number);
    return tf.reshape(tf.div(tf.sub(length, rest), 2), []);
  });
}
