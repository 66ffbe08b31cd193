import {ArgumentError, checkNumber} from "../../core/errors.ts";
import type {Key} from "../../core/key.ts";
import {expectShape} from "../../core/layer.ts";
import {normal} from "../../core/random.ts";
import type {Params} from "../../core/tree.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";

/** Numbers that a learned schedule is made of. A type, so that it is a tree of parameters. */
export type LearnedNoiseParams = {
  /** [2]: gamma at time 1, and what the softplus of adds to it at time 0. */
  ends: Tensor;
  /** [1]: the straight part of its course is the softplus of this. */
  line: Tensor;
  /** [1, steps]: steps of its course, softplus(heights) sigmoid(softplus(slopes) t + offsets). */
  heights: Tensor;
  slopes: Tensor;
  offsets: Tensor;
};

/** What is left of a label at times, a column [n, 1] each. */
export interface NoiseAt {
  /** The share of the embedding's variance, sigmoid(-gamma). */
  alphaBar: Tensor;
  /** Minus the logarithm of signal over noise, falling with time. */
  gamma: Tensor;
  /** d gamma / dt, below 0. */
  slope: Tensor;
}

/** Steps of a learned course. */
const STEPS = 16;

/** softplus(LINE) is 1, and softplus(LOW) small: a course begins nearly straight. */
const LINE = Math.log(Math.E - 1);
const LOW = -4;

function checkedParams(params: Params): LearnedNoiseParams {
  const given = params as Partial<LearnedNoiseParams> | undefined;
  if (given?.ends && given.line && given.heights && given.slopes && given.offsets)
    return given as LearnedNoiseParams;
  throw new ArgumentError("learnedNoise takes the parameters of noPropCT's schedule: pass params.schedule.");
}

/** A schedule that begins nearly straight, between gamma at time 1 and at time 0: `from` is the noisier one and the larger. */
export function initLearnedNoise(key: Key, [from, to]: readonly [number, number]): LearnedNoiseParams {
  checkNumber("gamma at time 0", from, to);
  return tidy(() => ({
    ends: tf.tensor1d([to, Math.log(Math.expm1(from - to))]),
    line: tf.tensor1d([LINE]),
    heights: tf.add(normal(key.fold(0), [1, STEPS], 0, 0.1), LOW),
    slopes: tf.add(normal(key.fold(1), [1, STEPS]), 2),
    offsets: normal(key.fold(2), [1, STEPS], -1, 2)
  }));
}

/**
 * The noise of a learned schedule at times between 0 and 1, a column [n, 1]: alphaBar = sigmoid(-gamma), where gamma falls from its
 * value at time 0 to that at time 1 along a course that is made of parts which all rise (a network of one hidden layer whose
 * weights are positive, after Kingma et al. 2021, arXiv:2107.00630), scaled to go from 0 to 1. Its ends and its course are parameters of
 * `noPropCT`, `params.schedule`; everything here has gradients by them. The caller owns the tensors.
 *
 * @example
 * import {key, tf} from "petri/core";
 * import {learnedNoise, noPropCT} from "petri/forward-forward";
 *
 * const params = noPropCT({classes: 10}).init(key(0), [64]);
 * const {alphaBar} = learnedNoise(params.schedule, tf.linspace(0, 1, 50).reshape([50, 1]));
 * display(Plot.lineY(alphaBar.dataSync()).plot({height: 160, y: {label: "alphaBar"}}));
 */
export function learnedNoise(params: Params, times: Tensor): NoiseAt {
  const {ends, line, heights, slopes, offsets} = checkedParams(params);
  expectShape(times?.rank === 2 && times.shape[1] === 1, "learnedNoise", "[times, 1]", times?.shape ?? []);
  return tidy(() => {
    const straight = tf.softplus(line);
    const [height, steep] = [tf.softplus(heights), tf.softplus(slopes)];
    const stepsAt = (t: Tensor) => tf.sigmoid(tf.add(tf.mul(t, steep), offsets));
    const course = (t: Tensor, steps: Tensor) =>
      tf.add(tf.mul(t, straight), tf.sum(tf.mul(steps, height), 1, true));
    const steps = stepsAt(times);
    const [zero, one] = [tf.zeros([1, 1]), tf.ones([1, 1])];
    const start = course(zero, stepsAt(zero));
    const length = tf.sub(course(one, stepsAt(one)), start);
    const gone = tf.div(tf.sub(course(times, steps), start), length);
    const rise = tf.mul(tf.mul(tf.mul(steps, tf.sub(1, steps)), steep), height);
    const speed = tf.div(tf.add(straight, tf.sum(rise, 1, true)), length);
    const least = tf.slice(ends, 0, 1);
    const span = tf.softplus(tf.slice(ends, 1, 1));
    const gamma = tf.add(least, tf.mul(span, tf.sub(1, gone)));
    return {alphaBar: tf.sigmoid(tf.neg(gamma)), gamma, slope: tf.neg(tf.mul(span, speed))};
  });
}
