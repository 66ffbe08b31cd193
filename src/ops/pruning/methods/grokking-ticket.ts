import {ArgumentError, checkCount, checkNumber} from "../../core/errors.ts";
import {fit} from "../../core/fit.ts";
import type {FitOptions, FitRow} from "../../core/fit-options.ts";
import {key as keyOf} from "../../core/key.ts";
import type {Layer} from "../../core/layer.ts";
import {adamw} from "../../core/optimizers/adam.ts";
import {clone, dispose, entries, map, type Params} from "../../core/tree.ts";
import type {Dataset} from "../../datasets/dataset.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {masked} from "../masked.ts";
import {applyMasks, disposeMasks, kernelsOnly, type Masks} from "../masks.ts";
import {type PruneOptions, prune} from "../prune.ts";
import type {Score} from "../scores/score.ts";

/** What is trained again: the network as it was, one of a smaller norm, or masks over its first weights. */
export type GrokkingArm =
  /** Masks of the network once it generalises. */
  | "ticket"
  /** Masks of the network when it has only memorised. */
  | "memorised"
  /** Masks of the first weights by a score. */
  | {score: Score; name: string}
  /** The first weights of the whole network, scaled to the ticket's norm at the start. */
  | "equal L1"
  | "equal L2";

export interface GrokkingOptions<P extends Params = Params>
  extends Omit<
      FitOptions<P>,
      "state" | "onStep" | "test" | "evaluateEvery" | "evaluations" | "earlyStopping"
    >,
    Pick<PruneOptions, "sparsity" | "scope" | "distribution" | "prunable"> {
  /** Data that is not trained on. */
  test: Dataset;
  /** What is compared with the whole network; "ticket" by default. */
  arms?: readonly GrokkingArm[];
  /** The accuracy that counts as known, 0.95 by default. */
  threshold?: number;
  /** Steps between looks at the test data, 50 by default. */
  every?: number;
  /** The optimizer of a training by its arm ("dense" first); adamw() for all by default. */
  optimizerOf?: (arm: string) => NonNullable<FitOptions<P>["optimizer"]>;
}

/** A row of a training and its arm; "dense" is the first. */
export type GrokkingRow = {
  [name in "step" | "progress" | "loss"]: number;
} & {arm: string; [metric: string]: number | string | undefined};

/**
 * Grokking tickets (Minegishi, Iwasawa & Matsuo 2023): trains a network until it generalises, long after it has memorised; masks it by
 * magnitude; and trains the survivors again from their first values under that mask. A ticket needs far fewer steps
 * to generalise, and what it owes to its mask tell the arms: whole networks of the same norm, masks from the phase of memorising, masks of the first weights.
 * Yields the rows of all trainings; `grokkingDelay` sums them up.
 *
 * "memorised" takes the weights at the first look at which the accuracy of training batches has reached the threshold. Layers' biases start as they did.
 *
 * @example
 * import {adamw, mlp} from "petri/core";
 * import {split, twoMoons} from "petri/datasets";
 * import {grokkingDelay, grokkingTicket} from "petri/pruning";
 *
 * const {train: seen, test: unseen} = split(twoMoons({n: 100}), {test: 0.6});
 * const rows = [];
 * const options = {test: unseen, sparsity: 0.5, steps: 400, arms: ["ticket", "equal L2"], threshold: 0.85, optimizerOf: () => adamw({learningRate: 0.01, weightDecay: 0.1})};
 * for await (const row of grokkingTicket(mlp([2, 32, 2]), seen, options)) rows.push(row);
 * display(Inputs.table(grokkingDelay(rows, {threshold: 0.85})));
 */
export async function* grokkingTicket<P extends Params>(
  model: Layer<P>,
  data: Dataset,
  options: GrokkingOptions<P>
): AsyncGenerator<GrokkingRow, void, undefined> {
  const {
    test,
    arms = ["ticket"],
    threshold = 0.95,
    every = 50,
    optimizerOf = () => adamw(),
    ...others
  } = options;
  const {sparsity, scope, distribution, prunable = kernelsOnly, params, ...training} = others;
  const {key = keyOf(0), loss} = training;
  checkNumber("threshold", threshold, 0, 1);
  checkCount("every", every);
  if (test === undefined)
    throw new ArgumentError("Grokking is told by data that is not trained on: pass test.");
  const first = tidy(() => (params ? (clone(params) as P) : model.init(key.fold(0), data.inputShape)));
  let memorised: P | undefined;
  let final: P | undefined;
  const share = 1 / (1 + arms.length);
  let stepsBefore = 0;
  try {
    const dense = train("dense", first);
    try {
      for await (const row of dense) {
        yield placed(row, "dense", 0);
        if (memorised === undefined && row.testLoss !== undefined && (row.accuracy as number) >= threshold)
          memorised = clone(dense.params) as P;
      }
      final = clone(dense.params) as P;
      stepsBefore = dense.state.step;
    } finally {
      dense.dispose();
    }
    for (const [i, arm] of arms.entries()) {
      const name = typeof arm === "string" ? arm : arm.name;
      const start = await startOf(arm);
      const again = train(name, start.params, start.masks);
      try {
        for await (const row of again) yield placed(row, name, i + 1);
        stepsBefore += again.state.step;
      } finally {
        again.dispose();
        dispose(start.params);
        if (start.masks) disposeMasks(start.masks);
      }
    }
  } finally {
    dispose(first);
    for (const kept of [memorised, final]) if (kept) dispose(kept);
  }

  function placed(row: FitRow, arm: string, index: number): GrokkingRow {
    const step = stepsBefore + row.step;
    return {...row, step, roundStep: row.step, progress: share * (index + row.progress), arm};
  }

  function train(arm: string, from: P, masks?: Masks) {
    const by = optimizerOf(arm);
    const optimizer = masks ? masked(by, {mask: masks}) : by;
    return fit(model, data, {...training, params: from, optimizer, test, evaluateEvery: every});
  }

  async function startOf(arm: GrokkingArm): Promise<{params: P; masks?: Masks}> {
    const masksOf = (from: P, score?: Score) =>
      prune(from, {sparsity, scope, distribution, prunable, score, model: model as Layer, data, loss, key});
    if (arm === "equal L1" || arm === "equal L2") {
      const masks = await masksOf(final as P);
      const ticket = applyMasks(first, masks);
      const start = tidy(() => scaledTo(first, ticket, arm === "equal L1" ? 1 : 2, prunable));
      dispose(ticket);
      disposeMasks(masks);
      return {params: start};
    }
    if (arm === "memorised" && !memorised)
      throw new ArgumentError(
        `The network never had ${threshold} of a batch right: train longer, or pass a lower threshold.`
      );
    const masks =
      typeof arm === "object"
        ? await masksOf(first, arm.score)
        : await masksOf((arm === "memorised" ? memorised : final) as P);
    return {params: applyMasks(first, masks), masks};
  }
}

/** The prunable parameters of one network scaled by one number so that together they have the norm of another's; the rest as it is. */
function scaledTo<P extends Params>(
  params: P,
  like: P,
  order: 1 | 2,
  prunable: (path: string, leaf: Tensor) => boolean
): P {
  const norm = (tree: P) => {
    const powers = entries<Tensor>(tree)
      .filter(({path, leaf}) => prunable(path, leaf))
      .map(({leaf}) => tf.sum(order === 1 ? tf.abs(leaf) : tf.square(leaf)));
    return order === 1 ? tf.addN(powers) : tf.sqrt(tf.addN(powers));
  };
  const factor = tf.div(norm(like), norm(params));
  const scaled = (leaf: Tensor, path: string) => (prunable(path, leaf) ? tf.mul(leaf, factor) : leaf.clone());
  return map(scaled, params as Params) as P;
}

/** When an arm knew what. Steps are those of its own training; undefined for never. */
export interface GrokkingDelay {
  arm: string;
  /** The first row at which the training batch's accuracy had reached the threshold. */
  memorisedAt: number | undefined;
  /** The first look at which the test accuracy had. */
  generalisedAt: number | undefined;
  /** Steps between the two; the paper's delay. */
  delay: number | undefined;
}

/** Sums up rows of `grokkingTicket`: when every arm had memorised and when it generalised. */
export function grokkingDelay(
  rows: readonly GrokkingRow[],
  {threshold = 0.95}: {threshold?: number} = {}
): GrokkingDelay[] {
  const arms = [...new Set(rows.map(({arm}) => arm))];
  return arms.map((arm) => {
    const reached = (figure: "accuracy" | "testAccuracy") =>
      rows.find((row) => row.arm === arm && (row[figure] as number) >= threshold)?.roundStep as
        | number
        | undefined;
    const [memorisedAt, generalisedAt] = [reached("accuracy"), reached("testAccuracy")];
    const delay =
      memorisedAt === undefined || generalisedAt === undefined ? undefined : generalisedAt - memorisedAt;
    return {arm, memorisedAt, generalisedAt, delay};
  });
}
