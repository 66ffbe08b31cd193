import {ArgumentError, checkNumber, ShapeError} from "../../core/errors.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {checkGiven} from "../checks.ts";
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
export function noised(schedule: NoiseSchedule, t: number, u: Tensor, noise: Tensor): Tensor {
  checkTime("noised", schedule, t, 0);
  checkSame("noised", u, noise);
  const {alphaBar} = schedule;
  const share = alphaBar[t] as number;
  return tidy(() => tf.add(tf.mul(u, Math.sqrt(share)), tf.mul(noise, Math.sqrt(1 - share))));
}

/** What NoProp makes small in block t: T/2 eta (SNR(t) - SNR(t-1)) times the mean over the batch of |guess - u|^2; eta is 0.1 by default. */
export function denoisingLoss(
  schedule: NoiseSchedule,
  t: number,
  guess: Tensor,
  u: Tensor,
  eta = 0.1
): Tensor {
  checkTime("denoisingLoss", schedule, t, 1);
  checkNumber("eta", eta, 0);
  checkSame("denoisingLoss", guess, u);
  const {snr} = schedule;
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
  checkTime("nextEmbedding", schedule, t, 1);
  checkSame("nextEmbedding", guess, z);
  const {a, b, c} = schedule;
  return tidy(() => {
    const mean = tf.add(tf.mul(guess, a[t] as number), tf.mul(z, b[t] as number));
    return noise ? tf.add(mean, tf.mul(noise, Math.sqrt(c[t] as number))) : mean;
  });
}

/** How far z_0 is from pure noise: the mean over the batch of the divergence KL(q(z_0 | u) || N(0, 1)), in nats. */
export function priorDivergence(schedule: NoiseSchedule, u: Tensor): Tensor {
  checkTime("priorDivergence", schedule, 0, 0);
  const {alphaBar} = schedule;
  const share = alphaBar[0] as number;
  const constant = (u.shape[1] as number) * (-share - Math.log(1 - share));
  return tidy(() => tf.div(tf.add(tf.mul(tf.mean(tf.sum(tf.square(u), 1)), share), constant), 2));
}

/** @throws ArgumentError for what is no schedule, and for a step that it does not have */
function checkTime(of: string, schedule: NoiseSchedule, t: number, first: number): void {
  checkGiven(of, schedule?.alphaBar, "a schedule such as noiseSchedule(10)");
  const last = schedule.alphaBar.length - 1;
  if (Number.isInteger(t) && t >= first && t <= last) return;
  throw new ArgumentError(`${of}: t must be a whole number from ${first} to ${last}, got ${String(t)}.`);
}

/** @throws ShapeError where embeddings differ in shape: one would be spread over the other. */
function checkSame(of: string, a: Tensor, b: Tensor): void {
  if (a.shape.join() === b.shape.join()) return;
  throw new ShapeError(
    `${of} takes two of the same shape, got [${a.shape.join(", ")}] and [${b.shape.join(", ")}].`
  );
}

/** The mean over the batch of |guess - u|^2. */
export function squaredError(guess: Tensor, u: Tensor): Tensor {
  return tidy(() => tf.mean(tf.sum(tf.square(tf.sub(guess, u)), 1)));
}
