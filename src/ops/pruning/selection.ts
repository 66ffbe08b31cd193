// Which of some scored weights stay: the arithmetic of `prune`, on the CPU.
import {ArgumentError} from "../core/errors.ts";
import type {Shape} from "../core/layer.ts";
import {type Distribution, uniform} from "./distributions.ts";
import {type Granularity, pooledScores, type Together} from "./granularity/granularity.ts";
import {type Count, checkSparsity, keptCount, keptCounts} from "./kept-counts.ts";
import {keepLargest, roundHalfEven} from "./top-k.ts";

/** A parameter that may be pruned, with the scores of its weights; -Infinity for what was pruned before. */
export interface Scored {
  path: string;
  shape: Shape;
  scores: Float32Array;
}

/** How much is pruned, and what is compared with what. */
export interface SelectionOptions {
  /** Share of the prunable weights (or groups) that become zero, in [0, 1). */
  sparsity?: number;
  /** Instead of a sparsity: how many of the prunable weights (or groups) stay (global scope only). */
  keep?: number;
  /** Instead of a sparsity: the share that goes of what is still there, the number that goes rounded half to even (torch.nn.utils.prune). */
  amount?: number;
  /** "global" compares all weights with each other, "local" within each tensor, "output" within the weights of each output. Global by default. */
  scope?: "global" | "local" | "output";
  /** Local and output scope: how the sparsity is shared out, or sparsities by path; uniform by default. */
  distribution?: Distribution | Readonly<Record<string, number>>;
  /** Global scope: the share of every tensor's weights that stays whatever their scores are, 0 by default. */
  floor?: number;
  /** Global scope: divide each tensor's scores by their Euclidean norm first. */
  normalize?: boolean;
  /** What is pruned as one: single weights by default, or granularity.channel(), block, nByM. */
  granularity?: Granularity;
  /** How many of so many weights a sparsity leaves; rounded half to even, at least one, by default. */
  count?: Count;
}

/** The masks, 1 keep and 0 prune, of some scored parameters. */
export function select(all: readonly Scored[], options: SelectionOptions): Uint8Array[] {
  const {granularity, scope = "global"} = options;
  if (!["global", "local", "output"].includes(scope))
    throw new ArgumentError(`scope must be "global", "local" or "output", got ${JSON.stringify(scope)}.`);
  const given = (["sparsity", "keep", "amount"] as const).find((name) => options[name] !== undefined);
  if (granularity?.kind === "within") {
    if (given)
      throw new ArgumentError(
        `${granularity.name} says by itself how many weights stay: leave out ${given}.`
      );
    return all.map(({scores, shape, path}) => granularity.choose(scores, shape, path));
  }
  if (!given && options.distribution === undefined)
    throw new ArgumentError("How much is to go? Pass one of sparsity (0.9), keep (1000) and amount (0.2).");
  const masks = granularity ? selectGroups(all, granularity, options) : selectWeights(all, options);
  all.forEach(({scores}, a) => {
    const mask = masks[a] as Uint8Array;
    for (let i = 0; i < mask.length; ++i) if (scores[i] === -Infinity) mask[i] = 0;
  });
  return masks;
}

function selectGroups(
  all: readonly Scored[],
  granularity: Together,
  options: SelectionOptions
): Uint8Array[] {
  if (options.scope === "output")
    throw new ArgumentError(`The scope "output" compares single weights: leave out the granularity.`);
  const groups = all.map(({shape, path}) => granularity.groups(shape, path));
  const pooled = all.map(({path, shape, scores}, a) => ({
    path,
    shape,
    scores: pooledScores(granularity, scores, groups[a] as {count: number; of: Int32Array})
  }));
  const masks = selectWeights(pooled, options);
  return all.map(({scores}, a) => {
    const {of} = groups[a] as {of: Int32Array};
    const mask = masks[a] as Uint8Array;
    return Uint8Array.from(scores, (_score, i) => mask[of[i] as number] as number);
  });
}

function selectWeights(all: readonly Scored[], options: SelectionOptions): Uint8Array[] {
  const {scope = "global"} = options;
  if (scope === "global") return selectGlobally(all, options);
  if (options.keep !== undefined)
    throw new ArgumentError(`keep needs the global scope; with the ${scope} one pass a sparsity.`);
  return scope === "local" ? selectLocally(all, options) : selectByOutput(all, options);
}

function selectGlobally(all: readonly Scored[], options: SelectionOptions): Uint8Array[] {
  const {floor = 0, normalize} = options;
  if (options.distribution !== undefined)
    throw new ArgumentError(`distribution needs the scope "local" or "output"; the global one needs none.`);
  if (normalize) for (const {scores} of all) divideByNorm(scores);
  const scores = all.map((each) => each.scores);
  const keep = keptGlobally(scores, options);
  if (floor === 0) return keepLargest(scores, keep);
  checkSparsity(floor, "floor");
  const sure = scores.map(
    (own) => keepLargest([own], Math.min(own.length, Math.ceil(floor * own.length)))[0] as Uint8Array
  );
  const least = sure.reduce((sum, mask) => sum + mask.reduce((ones, bit) => ones + bit, 0), 0);
  if (least > keep)
    throw new ArgumentError(`floor ${floor} keeps ${least} weights, more than the ${keep} that are to stay.`);
  return keepLargest(
    scores.map((own, a) => own.map((score, i) => ((sure[a] as Uint8Array)[i] ? Infinity : score))),
    keep
  );
}

function keptGlobally(
  scores: readonly Float32Array[],
  {keep, sparsity, amount, count = keptCount}: SelectionOptions
) {
  const size = scores.reduce((sum, each) => sum + each.length, 0);
  if (amount !== undefined) return keptOfRest(scores, amount);
  if (keep === undefined) {
    checkSparsity(sparsity ?? NaN);
    return count(size, sparsity as number);
  }
  if (Number.isInteger(keep) && keep >= 0 && keep <= size) return keep;
  throw new ArgumentError(
    `keep must be a whole number from 0 to ${size} (the prunable weights), got ${keep}.`
  );
}

function keptOfRest(scores: readonly Float32Array[], amount: number): number {
  checkSparsity(amount, "amount");
  let rest = 0;
  for (const each of scores) for (const score of each) if (score !== -Infinity) ++rest;
  return rest - roundHalfEven(amount * rest);
}

function selectLocally(all: readonly Scored[], options: SelectionOptions): Uint8Array[] {
  const {amount, distribution = uniform, count} = options;
  if (amount !== undefined)
    return all.map(({scores}) => keepLargest([scores], keptOfRest([scores], amount))[0] as Uint8Array);
  const sizes = all.map(({scores}) => scores.length);
  const shares = sharesOf(all, options);
  const isMap = typeof distribution !== "function";
  const counts = keptCounts(sizes, shares, isMap ? undefined : totalOf(sizes, shares, options), count);
  return all.map(({scores}, a) => keepLargest([scores], counts[a] as number)[0] as Uint8Array);
}

/** What is to stay in all: as many as the sparsity leaves, unless the distribution meant another. */
function totalOf(
  sizes: readonly number[],
  shares: readonly number[],
  {sparsity, count = keptCount}: SelectionOptions
): number {
  const whole = sizes.reduce((sum, size) => sum + size, 0);
  const meant = sizes.reduce((sum, size, i) => sum + size * (1 - (shares[i] as number)), 0);
  const asked = sparsity === undefined ? Infinity : count(whole, sparsity);
  const total = Math.abs(asked - meant) <= sizes.length ? asked : Math.round(meant);
  return Math.min(whole, Math.max(sizes.length, total));
}

/** Every column of a kernel [..., out] by itself: the weights of one output. */
function selectByOutput(all: readonly Scored[], options: SelectionOptions): Uint8Array[] {
  const {amount, count = keptCount} = options;
  const shares = amount === undefined ? sharesOf(all, options) : [];
  return all.map(({scores, shape}, a) => {
    const outputs = shape.at(-1) as number;
    const inputs = scores.length / outputs;
    const mask = new Uint8Array(scores.length);
    for (let output = 0; output < outputs; ++output) {
      const column = Float32Array.from({length: inputs}, (_, i) => scores[i * outputs + output] as number);
      const keep = amount === undefined ? count(inputs, shares[a] as number) : keptOfRest([column], amount);
      const kept = keepLargest([column], keep)[0] as Uint8Array;
      kept.forEach((bit, i) => {
        mask[i * outputs + output] = bit;
      });
    }
    return mask;
  });
}

function sharesOf(all: readonly Scored[], {distribution = uniform, sparsity}: SelectionOptions): number[] {
  const shapes = Object.fromEntries(all.map(({path, shape}) => [path, shape]));
  const shares = typeof distribution === "function" ? distribution(shapes, sparsity ?? NaN) : distribution;
  const unknown = Object.keys(shares).find((path) => !Object.hasOwn(shapes, path));
  if (unknown !== undefined) {
    throw new ArgumentError(
      `There is no prunable parameter "${unknown}"; there are ${Object.keys(shapes).join(", ")}.`
    );
  }
  return all.map(({path}) => {
    const share = shares[path] ?? 0;
    checkSparsity(share);
    return share;
  });
}

function divideByNorm(scores: Float32Array): void {
  let squares = 0;
  for (const score of scores) if (score !== -Infinity) squares += score * score;
  const norm = Math.sqrt(squares) + 1e-8;
  for (let i = 0; i < scores.length; ++i) scores[i] = (scores[i] as number) / norm;
}
