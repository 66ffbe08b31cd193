// Gradients from losses alone: what a client measures is one number for each seed.
import {ArgumentError, checkCount, checkNumber, checkOptions, ShapeError} from "../../core/errors.ts";
import type {Key} from "../../core/key.ts";
import type {Context, Layer, LearningContext} from "../../core/layer.ts";
import {normal} from "../../core/random.ts";
import {alignOutputs, type BatchLoss} from "../../core/task.ts";
import {dispose, map, type Params} from "../../core/tree.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {checkFunction, checkGiven, checkKey, checkLayers} from "../checks.ts";
import {classesBy, lossFor} from "./output-error.ts";

export interface SeededOptions {
  /** Perturbations, each of one seed: 20 by default. */
  samples?: number;
  /** Their standard deviation, 0.01 by default. */
  deviation?: number;
  /** Losses against that of the parameters themselves ("forward", the default), or "central": twice the work, no error of second order. */
  differences?: "forward" | "central";
  /** Outputs and labels -> the mean loss: cross-entropy for classes, mean squared error for targets by default. */
  loss?: BatchLoss;
}

const optionNames: Readonly<Record<keyof SeededOptions, true>> = {
  samples: true,
  deviation: true,
  differences: true,
  loss: true
};

/**
 * A client's part: how the mean loss on its rows changes with each perturbation, divided by the deviation, [samples]. All that
 * leaves it. Only passes forward, one perturbed network at a time. Whoever has the key knows the perturbations.
 *
 * @example
 * import {key, mlp, random, tree} from "petri/core";
 * import {gradientFromSeeds, seededDifferences} from "petri/forward-forward";
 *
 * const model = mlp([8, 16, 3]);
 * const params = model.init(key(0));
 * const options = {key: key(1), samples: 50};
 * const rows = [random.normal(key(2), [32, 8]), random.randint(key(3), [32], 0, 3)];
 * const sent = seededDifferences(model, params, ...rows, options);
 * const grads = gradientFromSeeds(params, sent, options);
 * display({sentBytes: sent.size * 4, gradientBytes: tree.size(grads) * 4});
 */
export function seededDifferences<P extends Params>(
  model: Layer<P>,
  params: P,
  x: Tensor,
  y: Tensor,
  options: SeededOptions & {key: Key; context?: Context}
): Tensor {
  checkGiven("seededDifferences", options, "{key, samples, deviation, ...} behind the batch");
  checkLayers("model", [model]);
  const {key, context = {}, ...rest} = options;
  const {samples, deviation, differences, loss = lossFor(y)} = checked("seededDifferences", rest);
  checkKey("seededDifferences", key);
  const lossAt = (at: P) => loss(alignOutputs(model.apply(at, x, context), y), y).asScalar();
  return tidy(() => {
    const base = differences === "forward" ? lossAt(params) : undefined;
    const each = Array.from({length: samples}, (_, s) =>
      tidy(() => {
        const moved = (by: number) => perturbed(params, key.fold(s), by);
        const ahead = lossAt(moved(deviation));
        const behind = base ?? lossAt(moved(-deviation));
        return tf.div(tf.sub(ahead, behind), base ? deviation : 2 * deviation);
      })
    );
    return tf.stack(each);
  });
}

/**
 * The server's part: the gradient's estimate from what clients sent, (1 / samples) sum over s of difference_s x perturbation_s,
 * the perturbations (of deviation 1) made anew from the key. Differences are means over the clients, weighted by their rows, [samples].
 */
export function gradientFromSeeds<P extends Params>(params: P, differences: Tensor, options: {key: Key}): P {
  checkKey("gradientFromSeeds", options?.key);
  const {key} = options;
  checkGiven("gradientFromSeeds", differences?.shape, "a tensor of differences, [samples]");
  const samples = differences.shape[0] ?? 0;
  if (differences.rank !== 1 || samples === 0)
    throw new ShapeError(
      `gradientFromSeeds takes one difference for each perturbation, [samples]: got [${differences.shape.join(", ")}].`
    );
  return tidy(() => {
    const scalars = tf.unstack(tf.div(differences, samples));
    let estimate: Params | undefined;
    for (const [s, by] of scalars.entries()) {
      const sum = estimate;
      estimate = tidy(() => {
        const part = map((noise: Tensor) => tf.mul(noise, by), noiseFor(params, key.fold(s)));
        return sum ? map((a: Tensor, _path, b) => tf.add(a, b as Tensor), sum, part) : part;
      });
      if (sum) dispose(sum);
    }
    return estimate as P;
  });
}

/**
 * Any network, learning by perturbations of its parameters: BAFFLE (Feng, Pang, Du, Chen, Yan, Lin 2023), in which clients of
 * federated learning send one number a seed and compute nothing but losses, and the server makes the gradient of them by Stein's
 * identity. Here the batch stands for the clients' rows. Throws ArgumentErrors for numbers out of range.
 *
 * @example
 * import {fit, mlp, sgd} from "petri/core";
 * import {digits} from "petri/datasets";
 * import {seededPerturbations} from "petri/forward-forward";
 *
 * const data = await digits();
 * for (const samples of [5, 40]) {
 *   const model = seededPerturbations(mlp([64, 16, 10]), {samples});
 *   const training = fit(model, data, {steps: 40, logEvery: 40, optimizer: sgd({learningRate: 0.02})});
 *   for await (const {loss, accuracy} of training) display({samples, loss, accuracy});
 *   training.dispose();
 * }
 */
export function seededPerturbations<P extends Params>(
  model: Layer<P>,
  options: SeededOptions = {}
): Layer<P> {
  const settings = checked("seededPerturbations", options);
  checkLayers("model", [model]);
  return {
    ...model,
    learning: {
      ...classesBy(settings.loss),
      learn(params: P, x: Tensor, y: Tensor, context: LearningContext) {
        const {key} = context;
        if (!key) throw new ArgumentError("seededPerturbations draws by the context's key: got none.");
        const {loss = lossFor(y)} = settings;
        const outputs = model.apply(params, x, {...context, key: key.fold(0)});
        const {setState: _, ...plain} = context;
        const grads = tidy(() => {
          const own = {...settings, key: key.fold(1), context: {...plain, key: key.fold(0)}};
          return gradientFromSeeds(params, seededDifferences(model, params, x, y, own), own);
        });
        for (const [name, child] of Object.entries(grads as Record<string, Params>))
          context.update(name, child);
        return {loss: loss(alignOutputs(outputs, y), y), outputs: () => outputs};
      }
    }
  };
}

/** Standard normal numbers in the structure of the parameters. */
function noiseFor<P extends Params>(params: P, key: Key): P {
  let count = 0;
  return map(({shape}: Tensor) => normal(key.fold(count++), shape), params as Params) as P;
}

function perturbed<P extends Params>(params: P, key: Key, by: number): P {
  const moved = (leaf: Tensor, _path: string, noise: unknown) => tf.add(leaf, tf.mul(noise as Tensor, by));
  return map(moved, params as Params, noiseFor(params, key)) as P;
}

function checked(of: string, options: SeededOptions) {
  checkOptions(of, options, optionNames);
  const {samples = 20, deviation = 0.01, differences = "forward", loss} = options;
  checkCount("samples", samples);
  checkNumber("deviation", deviation, 1e-6);
  checkFunction("loss", loss, "softmaxCrossEntropy");
  if (differences !== "forward" && differences !== "central")
    throw new ArgumentError(`differences must be "forward" or "central", got ${String(differences)}.`);
  return {samples, deviation, differences, ...(loss && {loss})};
}
