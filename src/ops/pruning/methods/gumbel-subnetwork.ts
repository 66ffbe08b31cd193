import {ArgumentError, checkCount, checkNumber} from "../../core/errors.ts";
import type {Key} from "../../core/key.ts";
import type {Layer} from "../../core/layer.ts";
import {uniform} from "../../core/random.ts";
import {stopGradient} from "../../core/stop-gradient.ts";
import {type Tensor, tf} from "../../tf.ts";
import type {Prunable} from "../masks.ts";
import {type Leaves, mapLeaves} from "../updaters/sparse-state.ts";
import {type Subnetwork, shareOver, subnetwork} from "./subnetwork.ts";

export interface GumbelOptions {
  /** Steps over which the temperature falls. */
  steps: number;
  /** The temperature at the start and at the end, both above 0; it falls by the same factor every step. [1, 0.1] by default. */
  temperature?: readonly [number, number];
  /** Learn a factor for each parameter's surviving weights, 1 at the start; true by default. */
  rescale?: boolean;
  /** The chance of every weight to be there at the start, 0.5 by default. */
  probability?: number;
  /** Which parameters may be pruned: those of rank 2 and more by default. */
  prunable?: Prunable;
}

/**
 * Subnetworks of untrained networks by Gumbel-softmax (Dupont et al. 2022): the weights stay as they were drawn, and every weight has a logit
 * whose sigmoid is its chance to be there. A training step samples who is there: hard forward, and back through the binary concrete
 * relaxation sigmoid((logit + g1 - g0) / temperature) (Jang et al. 2017; Maddison et al. 2017). Evaluation keeps the weights with a
 * chance above one half; how many these are is learned. One learned factor a parameter rescales the survivors.
 * Biases and whatever else is not prunable are trained as usual. Weight decay would move the frozen weights: use an optimizer without.
 * Parameters are {weights, gates: {"logit <path>", "factor <path>"}}.
 *
 * @example
 * import {adam, fit, mlp} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 * import {gumbelSubnetwork, sparsityOf} from "petri/pruning";
 *
 * const data = twoMoons({n: 200});
 * const model = gumbelSubnetwork(mlp([2, 64, 2]), {steps: 150});
 * const rows = [];
 * const training = fit(model, data, {steps: 150, optimizer: adam({learningRate: 0.05})});
 * for await (const row of training) rows.push(row);
 * display(Plot.lineY(rows, {x: "step", y: "accuracy"}).plot({height: 180}));
 * display(await sparsityOf(model.weightsOf(training.params)));
 * training.dispose();
 */
export function gumbelSubnetwork(model: Layer, options: GumbelOptions): Subnetwork {
  const {steps, temperature = [1, 0.1], rescale = true, probability = 0.5, prunable} = options;
  const [from, to] = temperature;
  checkCount("steps", steps);
  checkNumber("probability", probability, 0, 1);
  if (!(from > 0) || !(to > 0) || !Number.isFinite(from + to))
    throw new ArgumentError(
      `temperature is [at the start, at the end], both above 0; got [${temperature.join(", ")}].`
    );
  if (probability === 0 || probability === 1)
    throw new ArgumentError("probability must be between 0 and 1, not either of them: nothing could change.");
  const gated = (weights: Leaves, gates: Leaves, maskOf: (logit: Tensor, path: string) => Tensor) =>
    mapLeaves(weights, (weight, path) => {
      const kept = tf.mul(stopGradient(weight), maskOf(gates[`logit ${path}`] as Tensor, path));
      const factor = gates[`factor ${path}`];
      return factor ? tf.mul(kept, factor) : kept;
    });
  return subnetwork(
    model,
    {
      name: "gumbelSubnetwork",
      init(weights) {
        const logit = Math.log(probability / (1 - probability));
        return Object.fromEntries(
          Object.entries(weights).flatMap(([path, {shape}]): [string, Tensor][] => [
            [`logit ${path}`, tf.fill(shape, logit)],
            ...(rescale ? [[`factor ${path}`, tf.scalar(1)] as [string, Tensor]] : [])
          ])
        );
      },
      training(weights, gates, {step, key}) {
        const over = shareOver(step, 0, steps);
        const now = tf.mul(from, tf.exp(tf.mul(over, Math.log(to / from))));
        const paths = Object.keys(weights);
        return gated(weights, gates, (logit, path) => sampled(logit, now, key.fold(paths.indexOf(path))));
      },
      final: (weights, gates) => gated(weights, gates, (logit) => tf.cast(tf.greater(logit, 0), "float32"))
    },
    prunable
  );
}

/** Ones and zeros drawn by chances; back, the slope of the relaxation. */
function sampled(logit: Tensor, temperature: Tensor, key: Key): Tensor {
  // The difference of two Gumbel draws is a logistic one.
  const u = uniform(key, logit.shape, 2 ** -24, 1);
  const noise = tf.sub(tf.log(u), tf.log(tf.maximum(tf.sub(1, u), 2 ** -24)));
  const noisy = tf.add(logit, noise);
  const soft = tf.sigmoid(tf.div(noisy, temperature));
  const hard = tf.cast(tf.greater(stopGradient(noisy), 0), "float32");
  return tf.add(hard, tf.sub(soft, stopGradient(soft)));
}
