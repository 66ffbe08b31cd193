import {checkCount, checkNumber} from "../../core/errors.ts";
import {dispose, type Params} from "../../core/tree.ts";
import {disposeMasks, type Masks} from "../masks.ts";
import {type PruneOptions, prune} from "../prune.ts";
import {checkEvidence, type WithData} from "../scores/evidence.ts";
import {
  addSlopes,
  against,
  type LocalModel,
  localModel,
  lossAt,
  masksFrom,
  readWeights,
  withWeights
} from "./local-model.ts";

export interface IcbsOptions extends PruneOptions {
  /** How often gradients are computed anew, 4 by default. */
  rounds?: number;
  /** Blocks of weights that are settled in each round, 8 by default. */
  blocks?: number;
  /** Weights in a block, half of them kept so far, 128 by default. */
  blockSize?: number;
  /** How much a weight's change costs by itself; 0.01 by default. It grows tenfold when a round did not lower the loss. */
  ridge?: number;
}

/** Masks after exchanging weights, and the loss on the way. The caller owns the masks. */
export interface Icbs {
  masks: Masks;
  /** The mean loss over the data with the first masks, and with the best after every round. */
  losses: number[];
}

/**
 * iCBS, pruning by block coordinate descent (Rosenberg et al. 2024): from the masks of `prune` with the same options (magnitude, or the `score` given), round after
 * round takes the loss about the masked weights for a quadratic, its Hessian the empirical Fisher matrix of the data's examples plus the ridge, and settles blocks of weights one after
 * the other: which of them to keep, as many as before, the others fixed. The block is a binary quadratic problem, here solved by exchanging the pair that helps most until none
 * does (the paper leaves the solver open: annealing, quantum hardware). A block is the kept weights that cost least to lose and the pruned ones that gain most, of those not
 * looked at in this round. A round that does not lower the loss is taken back. Weights keep their values; density stays. Computes on the CPU.
 *
 * @example
 * import {fit, mlp} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 * import {icbs} from "petri/pruning";
 *
 * const [model, data] = [mlp([2, 24, 2]), twoMoons({n: 200})];
 * const training = fit(model, data, {steps: 200});
 * for await (const row of training);
 * const {losses} = await icbs(training.params, {sparsity: 0.7, model, data, blockSize: 16});
 * display(losses);
 * training.dispose();
 */
export async function icbs(params: Params, options: IcbsOptions): Promise<Icbs> {
  const {rounds = 4, blocks = 8, blockSize = 128} = options;
  let {ridge = 0.01} = options;
  checkEvidence("icbs", ["model", "data"], options);
  checkCount("rounds", rounds);
  checkCount("blocks", blocks);
  checkCount("blockSize", blockSize);
  checkNumber("ridge", ridge, 0);
  const evidence = options as WithData & PruneOptions;
  const weights = await readWeights(params, evidence);
  const first = await prune(params, evidence);
  let marks = await readWeights(first as Params, {...evidence, prunable: (_path, leaf) => leaf !== null});
  disposeMasks(first);
  const lossWith = async (kept: Float64Array) => {
    const at = withWeights(
      params,
      evidence,
      weights.map((w, i) => w * (kept[i] as number))
    );
    try {
      return await lossAt(at, evidence);
    } finally {
      dispose(at);
    }
  };
  const losses = [await lossWith(marks)];
  for (let round = 0; round < rounds; ++round) {
    const at = withWeights(
      params,
      evidence,
      weights.map((w, i) => w * (marks[i] as number))
    );
    const local = await localModel(at, evidence);
    dispose(at);
    const next = settle(local, weights, marks, {blocks, blockSize, ridge});
    const [loss, before] = [await lossWith(next), losses.at(-1) as number];
    if (loss < before) marks = next;
    else ridge *= 10;
    losses.push(Math.min(loss, before));
  }
  return {masks: masksFrom(params, evidence, marks), losses};
}

interface Settling {
  blocks: number;
  blockSize: number;
  ridge: number;
}

/** Marks after so many blocks. */
export function settle(
  local: LocalModel,
  weights: Float64Array,
  marks: Float64Array,
  {blocks, blockSize, ridge}: Settling
): Float64Array {
  const now = marks.slice();
  // 1 + A d, so that slopes times this are the gradient where the exchanges so far have led.
  const rest = new Float64Array(local.count).fill(1);
  const seen = new Uint8Array(weights.length);
  const flip = (i: number) => (now[i] ? -(weights[i] as number) : (weights[i] as number));
  for (let block = 0; block < blocks; ++block) {
    const slope = weights.map(
      (w, i) =>
        against(local, i, rest) / local.count + ridge * ((now[i] as number) - (marks[i] as number)) * w
    );
    const cost = slope.map((g, i) => g * flip(i) + (curvature(local, i, i, ridge) / 2) * flip(i) ** 2);
    const chosen = [1, 0].flatMap((mark) =>
      [...cost.keys()]
        .filter((i) => !seen[i] && now[i] === mark)
        .sort((i, j) => (cost[i] as number) - (cost[j] as number))
        .slice(0, Math.ceil(blockSize / 2))
    );
    for (const i of chosen) seen[i] = 1;
    for (const i of exchange(local, chosen, {slope, flip, isKept: (i) => now[i] === 1, ridge})) {
      addSlopes(rest, local.slopes, i, flip(i));
      now[i] = 1 - (now[i] as number);
    }
  }
  return now;
}

function curvature({slopes, count}: LocalModel, i: number, j: number, ridge: number): number {
  let sum = 0;
  for (let row = 0; row < count; ++row)
    sum += (slopes[i * count + row] as number) * (slopes[j * count + row] as number);
  return sum / count + (i === j ? ridge : 0);
}

interface Exchange {
  slope: Float64Array;
  /** What a weight's change would be. */
  flip: (i: number) => number;
  isKept: (i: number) => boolean;
  ridge: number;
}

/** Which weights of a block change sides: pairs, the best first, until none helps. */
function exchange(local: LocalModel, block: number[], {slope, flip, isKept, ridge}: Exchange): number[] {
  const size = block.length;
  const bend = Float64Array.from({length: size * size}, (_, at) => {
    const [a, b] = [Math.floor(at / size), at % size];
    return b < a ? 0 : curvature(local, block[a] as number, block[b] as number, ridge);
  });
  const bendOf = (a: number, b: number) => bend[Math.min(a, b) * size + Math.max(a, b)] as number;
  const slopes = Float64Array.from(block, (i) => slope[i] as number);
  const moves = Float64Array.from(block, flip);
  const kept = block.map(isKept);
  const start = [...kept];
  const gain = (a: number) =>
    (slopes[a] as number) * (moves[a] as number) + (bendOf(a, a) / 2) * (moves[a] as number) ** 2;
  for (let swaps = 0; swaps < size * size; ++swaps) {
    const gains = Float64Array.from(block, (_, a) => gain(a));
    let best = {a: -1, b: -1, value: -1e-12};
    for (let a = 0; a < size; ++a)
      for (let b = 0; kept[a] && b < size; ++b) {
        if (kept[b]) continue;
        const both = bendOf(a, b) * (moves[a] as number) * (moves[b] as number);
        const value = (gains[a] as number) + (gains[b] as number) + both;
        if (value < best.value) best = {a, b, value};
      }
    if (best.a < 0) break;
    for (const a of [best.a, best.b]) {
      for (let c = 0; c < size; ++c) slopes[c] = (slopes[c] as number) + bendOf(a, c) * (moves[a] as number);
      moves[a] = -(moves[a] as number);
      kept[a] = !kept[a];
    }
  }
  return block.filter((_, a) => kept[a] !== start[a]);
}
