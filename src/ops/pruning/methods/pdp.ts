import {ArgumentError, checkCount, checkNumber} from "../../core/errors.ts";
import type {Layer} from "../../core/layer.ts";
import {stopGradient} from "../../core/stop-gradient.ts";
import {type Tensor, tf} from "../../tf.ts";
import {type Distribution, uniform} from "../distributions.ts";
import {checkSparsity, keptCount} from "../kept-counts.ts";
import type {Prunable} from "../masks.ts";
import {largestOf} from "../updaters/drop-and-grow.ts";
import {type Leaves, mapLeaves} from "../updaters/sparse-state.ts";
import {countsByLayer} from "../updaters/topology.ts";
import {type Subnetwork, shareOver, subnetwork} from "./subnetwork.ts";

export interface PdpOptions {
  /** Share of the prunable weights, or channels of each parameter, that are zero in the end, in [0, 1). Left out with `nByM`. */
  sparsity?: number;
  /** Instead of a sparsity: [n, m], of every m consecutive weights along the inputs n stay. From the first step on. */
  nByM?: readonly [number, number];
  /** Prune whole output channels, by the root mean square of their weights. */
  channels?: boolean;
  /** The first step at which weights fade, 0 by default. */
  start?: number;
  /** The step from which the whole sparsity is there; it grows in a straight line. */
  end?: number;
  /** How soft masks are, in units of squared weights; 1e-4 by default. */
  temperature?: number;
  /** How the sparsity is shared out among the layers; uniform by default. */
  distribution?: Distribution;
  /** Which parameters may be pruned: those of rank 2 and more by default. */
  prunable?: Prunable;
}

/** How the weights of a tensor are compared: their magnitudes, or those of groups of them. */
interface Pattern {
  /** What is compared, not negative. */
  magnitudes(weight: Tensor): Tensor;
  /** 1 for what stays of some magnitudes. */
  hard(magnitudes: Tensor, path: string, over: Tensor | undefined): Tensor;
  /** The axes over which magnitudes compete with each other; all by default. */
  axes?: number[];
  /** Magnitudes in the shape of the weights; they broadcast by default. */
  spread?(mask: Tensor, weight: Tensor): Tensor;
}

/**
 * PDP (Cho et al. 2023): differentiable pruning without parameters of its own. Every training step takes the threshold t midway between the
 * smallest magnitude that stays and the largest that goes at the sparsity of the step; the network runs with the weights w times
 * sigmoid((w^2 - t^2) / temperature), which is the softmax over (t^2, w^2), and gradients go through weight and mask, so that a
 * weight can come back. Evaluation and `weightsOf` have the hard masks of the target, exactly.
 * Parameters are {weights, gates: {}}. Left out: the paper sets layers' sparsities from a global comparison after some epochs; here a
 * distribution says them.
 *
 * @example
 * import {fit, mlp} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 * import {pdp, sparsityOf} from "petri/pruning";
 *
 * const model = pdp(mlp([2, 64, 2]), {sparsity: 0.9, end: 100});
 * const training = fit(model, twoMoons({n: 200}), {steps: 150});
 * for await (const row of training);
 * display(await sparsityOf(model.weightsOf(training.params)));
 * training.dispose();
 */
export function pdp(model: Layer, options: PdpOptions): Subnetwork {
  const {start = 0, end = start + 1, temperature = 1e-4, prunable, sparsity, nByM} = options;
  if (sparsity === undefined && !nByM)
    throw new ArgumentError("pdp needs to know how much goes: pass a sparsity such as 0.9, or nByM: [2, 4].");
  if (sparsity !== undefined) checkSparsity(sparsity);
  checkCount("start", start, 0);
  checkCount("end", end, start + 1);
  checkNumber("temperature", temperature, 1e-30);
  const hardened = (weights: Leaves) => {
    const pattern = patternOf(options, weights);
    return mapLeaves(weights, (weight, path) => {
      const mask = pattern.hard(pattern.magnitudes(weight), path, undefined);
      return tf.mul(weight, pattern.spread?.(mask, weight) ?? mask);
    });
  };
  return subnetwork(
    model,
    {
      name: "pdp",
      training(weights, _gates, {step}) {
        const over = shareOver(step, start, end);
        const pattern = patternOf(options, weights);
        const hasBegun = tf.cast(tf.greater(over, 0), "float32");
        return mapLeaves(weights, (weight, path) => {
          const magnitudes = pattern.magnitudes(weight);
          const seen = stopGradient(magnitudes);
          const threshold = midway(seen, pattern.hard(seen, path, over), pattern.axes);
          const soft = tf.sigmoid(tf.div(tf.sub(tf.square(magnitudes), tf.square(threshold)), temperature));
          const mask = tf.sub(1, tf.mul(hasBegun, tf.sub(1, soft)));
          return tf.mul(weight, pattern.spread?.(mask, weight) ?? mask);
        });
      },
      final: hardened
    },
    prunable
  );
}

/** Midway between the smallest magnitude that stays and the largest that goes. */
function midway(magnitudes: Tensor, hard: Tensor, axes: number[] | undefined): Tensor {
  const stays = tf.cast(hard, "bool");
  const least = tf.min(tf.where(stays, magnitudes, tf.fill(magnitudes.shape, 3e38)), axes, true);
  const most = tf.max(tf.where(stays, tf.zerosLike(magnitudes), magnitudes), axes, true);
  const middle = tf.div(tf.add(least, most), 2);
  return axes ? middle : tf.reshape(middle, []);
}

function patternOf(options: PdpOptions, weights: Leaves): Pattern {
  const {nByM, channels, sparsity, distribution = uniform} = options;
  if (nByM) {
    if (sparsity !== undefined || channels)
      throw new ArgumentError("nByM says by itself how many weights stay: leave out sparsity and channels.");
    return groupsOf(nByM);
  }
  const settings = {sparsity: sparsity as number, distribution};
  if (!channels) {
    const counts = countsByLayer(weights, settings);
    return {
      magnitudes: (weight) => tf.abs(weight),
      hard: (seen, path, over) => largestOf(seen, keptNow(seen.size, counts[path] as number, over))
    };
  }
  const shapes = Object.fromEntries(Object.entries(weights).map(([path, {shape}]) => [path, shape]));
  const shares = distribution(shapes, settings.sparsity);
  return {
    magnitudes: (weight) =>
      tf.sqrt(tf.add(tf.mean(tf.square(weight), [...Array(weight.rank - 1).keys()]), 1e-30)),
    hard: (seen, path, over) =>
      largestOf(seen, keptNow(seen.size, keptCount(seen.size, shares[path] as number), over))
  };
}

/** How many of `size` stay when this share of the way to `last` is over. */
function keptNow(size: number, last: number, over: Tensor | undefined): number | Tensor {
  if (!over) return last;
  return tf.cast(tf.sub(size, tf.round(tf.mul(over, size - last))), "int32");
}

/** Groups of m along the inputs of which n stay; of equal ones the higher index, as granularity.nByM. */
function groupsOf([n, m]: readonly [number, number]): Pattern {
  checkCount("m", m);
  checkCount("n", n);
  if (n > m) throw new ArgumentError(`n weights of m stay: n must be at most m (${m}), got ${n}.`);
  const grouped = ({shape}: Tensor) => {
    const [inputs, outputs] = shape.slice(-2) as [number, number];
    if (inputs % m !== 0)
      throw new ArgumentError(
        `A parameter of shape [${shape.join(", ")}] has ${inputs} inputs, which do not divide into groups of ${m}: leave it out with \`prunable\`.`
      );
    const matrices = shape.slice(0, -2).reduce((product, dim) => product * dim, 1);
    return [(matrices * inputs) / m, m, outputs];
  };
  return {
    axes: [1],
    magnitudes: (weight) => tf.abs(tf.reshape(weight, grouped(weight))),
    hard(seen) {
      const [groups, , outputs] = seen.shape as [number, number, number];
      const one = tf.reshape(seen, [groups, m, 1, outputs]);
      const other = tf.reshape(seen, [groups, 1, m, outputs]);
      const isLater = tf.tensor4d(
        Array.from({length: m * m}, (_, i) => (i % m > Math.floor(i / m) ? 1 : 0)),
        [1, m, m, 1]
      );
      const isBetter = tf.add(
        tf.cast(tf.greater(other, one), "float32"),
        tf.mul(tf.cast(tf.equal(other, one), "float32"), isLater)
      );
      return tf.cast(tf.less(tf.sum(isBetter, 2), n), "float32");
    },
    spread: (mask, weight) => tf.reshape(mask, weight.shape)
  };
}
