import {type Tensor, tf, tidy} from "../../tf.ts";
import type {NoiseSchedule} from "./noise-schedule.ts";

/**
 * z_t of embeddings u [batch, width] and noise of the same shape: sqrt(alphaBar_t) u + sqrt(1 - alphaBar_t) noise.
 *
 * @example
 * import {key, random, tf} from "petri/core";
 * import {denoisingLoss, noised, noiseSchedule} from "petri/forward-forward";
 *
 * const schedule = noiseSchedule(10);
 * const u = tf.eye(3);
 * const z = noised(schedule, 4, u, random.normal(key(0), u.shape));
 * display(Inputs.table(z.arraySync()));
 * display(denoisingLoss(schedule, 5, z, u).arraySync());
 */
export function noised({alphaBar}: NoiseSchedule, t: number, u: Tensor, noise: Tensor): Tensor {
  const share = alphaBar[t] as number;
  return tidy(() => tf.add(tf.mul(u, Math.sqrt(share)), tf.mul(noise, Math.sqrt(1 - share))));
}

/** What NoProp makes small in block t: T/2 eta (SNR(t) - SNR(t-1)) times the mean over the batch of |guess - u|^2; eta is 0.1 by default. */
export function denoisingLoss({snr}: NoiseSchedule, t: number, guess: Tensor, u: Tensor, eta = 0.1): Tensor {
  const weight = ((snr.length - 1) / 2) * eta * ((snr[t] as number) - (snr[t - 1] as number));
  return tidy(() => tf.mul(squaredError(guess, u), weight));
}

/** z_t from what block t takes u for and from z_(t-1): a_t guess + b_t z + sqrt(c_t) noise; without noise its mean. */
export function nextEmbedding(
  schedule: NoiseSchedule,
  t: number,
  guess: Tensor,
  z: Tensor,
  noise?: Tensor
): Tensor {
  const {a, b, c} = schedule;
  return tidy(() => {
    const mean = tf.add(tf.mul(guess, a[t] as number), tf.mul(z, b[t] as number));
    return noise ? tf.add(mean, tf.mul(noise, Math.sqrt(c[t] as number))) : mean;
  });
}

/** How far z_0 is from pure noise: the mean over the batch of the divergence KL(q(z_0 | u) || N(0, 1)), in nats. */
export function priorDivergence({alphaBar}: NoiseSchedule, u: Tensor): Tensor {
  const share = alphaBar[0] as number;
  const constant = (u.shape[1] as number) * (-share - Math.log(1 - share));
  return tidy(() => tf.div(tf.add(tf.mul(tf.mean(tf.sum(tf.square(u), 1)), share), constant), 2));
}

/** The mean over the batch of |guess - u|^2. */
export function squaredError(guess: Tensor, u: Tensor): Tensor {
  return tidy(() => tf.mean(tf.sum(tf.square(tf.sub(guess, u)), 1)));
}
