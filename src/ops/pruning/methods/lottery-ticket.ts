import {checkNumber} from "../../core/errors.ts";
import {fit} from "../../core/fit.ts";
import {type Key, key as keyOf} from "../../core/key.ts";
import type {Layer} from "../../core/layer.ts";
import {adam} from "../../core/optimizers/adam.ts";
import {clone, dispose, type Params} from "../../core/tree.ts";
import type {Dataset} from "../../datasets/dataset.ts";
import {tidy} from "../../tf.ts";
import type {Distribution} from "../distributions.ts";
import {
  type IterativePruningOptions,
  iterativeMagnitudePruning,
  type PruningRow
} from "../iterative-magnitude-pruning.ts";
import {masked} from "../masked.ts";
import {applyMasks, cloneMasks, disposeMasks, type Masks, sparsityByLayer, sparsityOf} from "../masks.ts";
import {prune} from "../prune.ts";
import {iterative as sparsitiesOf} from "../schedules.ts";
import {random} from "../scores/random.ts";

/** Where a sparse network comes from: its own start, other weights under the same mask, or the same weights under a mask drawn at random. */
export type TicketArm = "rewound" | "re-initialised" | "random mask";

export interface LotteryTicketOptions<P extends Params = Params> extends IterativePruningOptions<P> {
  /** What the tickets are compared with; both by default. */
  controls?: readonly Exclude<TicketArm, "rewound">[];
  /** Whether a round, from 1, has its controls trained; every round by default. */
  isControlled?: (round: number) => boolean;
}

/** A row of one of the trainings: a `PruningRow` and its arm. Round 0 is the dense network. */
export type TicketRow = {
  [name in "step" | "progress" | "loss" | "round" | "roundStep" | "sparsity"]: number;
} & {arm: TicketArm; [metric: string]: number | string | undefined};

/**
 * The experiment of the lottery ticket hypothesis (Frankle & Carbin 2019): winning tickets by iterative magnitude pruning, and for
 * every round the same network with its mask but newly drawn weights, and with the first weights but a mask that keeps as many of
 * each layer at random places (which is as good as weights newly drawn: the mask does not know them). Controls are trained in full, with the
 * tickets' data order, after the tickets. Yields the rows of everything; `ticketResults` sums them up.
 *
 * Left out: dropout of the first layers while pruning, and the warmup that the paper needs for its large networks (a learning rate
 * of the optimizer).
 *
 * @example
 * import {mlp} from "petri/core";
 * import {split, twoMoons} from "petri/datasets";
 * import {lotteryTicket, ticketResults} from "petri/pruning";
 *
 * const {train: seen, test: unseen} = split(twoMoons({n: 300}), {test: 0.3});
 * const rows = [];
 * const options = {rounds: 3, fraction: 0.5, steps: 60, test: unseen, evaluateEvery: 10};
 * for await (const row of lotteryTicket(mlp([2, 24, 24, 2]), seen, options)) rows.push(row);
 * display(Inputs.table(ticketResults(rows)));
 */
export async function* lotteryTicket<P extends Params>(
  model: Layer<P>,
  data: Dataset,
  options: LotteryTicketOptions<P> = {}
): AsyncGenerator<TicketRow, void, undefined> {
  const {controls = ["re-initialised", "random mask"], isControlled = () => true, ...iterative} = options;
  const {onRound, key = keyOf(0)} = options;
  const rounds = (
    options.sparsities ?? sparsitiesOf({rounds: options.rounds ?? 5, fraction: options.fraction})
  ).length;
  const controlled = Array.from({length: rounds}, (_, i) => i + 1).filter(isControlled).length;
  const share = (rounds + 1) / (rounds + 1 + controlled * controls.length);
  let [stepsBefore, done] = [0, share];
  const training = trainingOf(iterative);
  const tickets: {round: number; masks: Masks}[] = [];
  const first = tidy(() =>
    options.params ? clone(options.params) : model.init(key.fold(0), data.inputShape)
  );
  try {
    const found = iterativeMagnitudePruning(model, data, {
      ...iterative,
      params: first,
      onRound: async (round) => {
        if (round.masks && isControlled(round.round))
          tickets.push({round: round.round, masks: cloneMasks(round.masks)});
        await onRound?.(round);
      }
    });
    for await (const row of found) {
      yield {...row, progress: row.progress * share, arm: "rewound"};
      stepsBefore = row.step;
    }
    for (const {round, masks} of tickets) {
      for (const arm of controls) {
        const start = await controlOf(arm, {model, data, first, masks, key: key.fold(round)});
        try {
          let last = 0;
          for await (const row of control(model, data, {...start, round, training})) {
            const progress = done + (row.progress * (1 - share)) / (controlled * controls.length);
            yield {...row, step: stepsBefore + row.step, progress, arm};
            last = row.step;
          }
          stepsBefore += last;
          done += (1 - share) / (controlled * controls.length);
        } finally {
          dispose(start.params);
          disposeMasks(start.masks);
        }
      }
    }
  } finally {
    dispose(first);
    for (const {masks} of tickets) disposeMasks(masks);
  }
}

/** The weights and the mask, both new tensors, that a control begins with. */
async function controlOf<P extends Params>(
  arm: TicketArm,
  {model, data, first, masks, key}: {model: Layer<P>; data: Dataset; first: P; masks: Masks; key: Key}
): Promise<{params: P; masks: Masks}> {
  if (arm === "random mask") {
    const drawn = await randomMaskLike(masks, first, key.fold(1));
    return {params: tidy(() => applyMasks(first, drawn)), masks: drawn};
  }
  const params = tidy(() => applyMasks(model.init(key.fold(2), data.inputShape), masks));
  return {params, masks: cloneMasks(masks)};
}

/** A mask that keeps as many weights of every tensor as another, at places drawn at random. The caller owns it. */
export async function randomMaskLike(masks: Masks, params: Params, key: Key): Promise<Masks> {
  const distribution = await sparsityByLayer(masks, () => true);
  return prune(params, {
    scope: "local",
    distribution,
    score: random(key),
    prunable: (path) => Object.hasOwn(distribution, path)
  });
}

type Training<P extends Params> = ReturnType<typeof trainingOf<P>>;

/** What of the options is meant for every training. */
function trainingOf<P extends Params>(options: Omit<LotteryTicketOptions<P>, "controls" | "isControlled">) {
  const {rounds, fraction, sparsities, rewindStep, onRound, scope, distribution, ...rest} = options;
  const {floor, score, normalize, granularity, prunable, params, ...training} = rest;
  return training;
}

async function* control<P extends Params>(
  model: Layer<P>,
  data: Dataset,
  of: {round: number; params: P; masks: Masks; training: Training<P>}
): AsyncGenerator<PruningRow, void, undefined> {
  const {round, params, masks, training} = of;
  const {optimizer = adam()} = training;
  const sparsity = await sparsityOf(masks, () => true);
  const network = fit(model, data, {...training, params, optimizer: masked(optimizer, {mask: masks})});
  try {
    for await (const row of network) yield {...row, round, roundStep: row.step, sparsity};
  } finally {
    network.dispose();
  }
}

/**
 * The paper's shares for dense networks: round by round the layers lose `fraction` of what is left, the last one half of that. Used with
 * the scope "local"; the last tensor is taken for the output.
 */
export function slowerOutput(fraction = 0.2): Distribution {
  checkNumber("fraction", fraction, 0, 1);
  const slower = Math.log(1 - fraction / 2) / Math.log(1 - fraction);
  return (shapes, sparsity) => {
    const paths = Object.keys(shapes);
    const output = 1 - (1 - sparsity) ** slower;
    return Object.fromEntries(paths.map((path) => [path, path === paths.at(-1) ? output : sparsity]));
  };
}

/** What a training came to: the figures of the step at which it should have stopped, and of its last one. */
export interface TicketResult {
  arm: TicketArm;
  round: number;
  sparsity: number;
  /** Updates until the loss of the evaluation was least. */
  earlyStopStep: number;
  earlyStopAccuracy: number;
  /** After the last update. */
  accuracy: number;
}

/**
 * Sums up rows of `lotteryTicket`: the step at which an evaluation's loss was least (the paper's early stop), the accuracy there and
 * at the end. `stopBy` is the evaluation whose loss counts, `tell` the one whose accuracy is told; both "test" by default.
 */
export function ticketResults(
  rows: readonly TicketRow[],
  options: {stopBy?: string; tell?: string} = {}
): TicketResult[] {
  const {stopBy = "test", tell = "test"} = options;
  const figure = (row: TicketRow, name: string) => row[name] as number;
  const groups = new Map<string, TicketRow[]>();
  for (const row of rows) {
    if (row[`${stopBy}Loss`] === undefined || row[`${tell}Accuracy`] === undefined) continue;
    const name = `${row.arm} ${row.round}`;
    groups.set(name, [...(groups.get(name) ?? []), row]);
  }
  return [...groups.values()].map((group) => {
    const [any] = group as [TicketRow];
    const least = (best: TicketRow, row: TicketRow) =>
      figure(row, `${stopBy}Loss`) < figure(best, `${stopBy}Loss`) ? row : best;
    const stop = group.reduce(least);
    return {
      arm: any.arm,
      round: any.round,
      sparsity: any.sparsity,
      earlyStopStep: stop.roundStep,
      earlyStopAccuracy: figure(stop, `${tell}Accuracy`),
      accuracy: figure(group.at(-1) as TicketRow, `${tell}Accuracy`)
    };
  });
}
