// Experts of two layers on the CPU: their hidden units brought into one order, and averaged.
import {entries, map, type Params} from "../../core/tree.ts";
import {type Tensor, tf} from "../../tf.ts";
import type {MlpExpertParams} from "../experts/mlp-expert.ts";
import {assign} from "./assignment.ts";

/** The parameters of one expert: in [features, hidden] and [hidden], out [hidden, outputs] and [outputs]. */
export interface HostExpert {
  readonly features: number;
  readonly hidden: number;
  readonly outputs: number;
  readonly parts: ReadonlyMap<string, Float64Array>;
}

const PARTS = ["in/kernel", "in/bias", "out/kernel", "out/bias"];

/** The experts of a mixture of mlpExpert, read back. */
export async function readExperts(experts: Params): Promise<HostExpert[]> {
  const found = entries<Tensor>(experts);
  const {in: first, out} = experts as MlpExpertParams;
  const [count, features, hidden] = first.kernel.shape as [number, number, number];
  const outputs = out.kernel.shape[2] as number;
  const data = await Promise.all(found.map(async ({path, leaf}) => [path, await leaf.data()] as const));
  return Array.from({length: count}, (_, e) => {
    const own = data.map(([name, all]) => {
      const size = all.length / count;
      return [name, Float64Array.from(all.subarray(e * size, (e + 1) * size))] as const;
    });
    return {features, hidden, outputs, parts: new Map(own)};
  });
}

/** Experts as parameters of a mixture, in the form of `like`. */
export function stackExperts(experts: readonly HostExpert[], like: Params): Params {
  return map((leaf: Tensor, path) => {
    const values = experts.flatMap(({parts}) => [...(parts.get(path) as Float64Array)]);
    return tf.tensor(Float32Array.from(values), [experts.length, ...leaf.shape.slice(1)]);
  }, like);
}

/** What belongs to one hidden unit: its weights in, its bias, its weights out. */
function unitOf({features, hidden, outputs, parts}: HostExpert, unit: number): number[] {
  const [first, bias, out] = PARTS.map((part) => parts.get(part)) as [
    Float64Array,
    Float64Array?,
    Float64Array?
  ];
  const own = Array.from({length: features}, (_, i) => first[i * hidden + unit] as number);
  if (bias) own.push(bias[unit] as number);
  for (let o = 0; out && o < outputs; ++o) own.push(out[unit * outputs + o] as number);
  return own;
}

/** An expert with its hidden units in another order, which computes the same. */
export function permuted(expert: HostExpert, order: ArrayLike<number>): HostExpert {
  const {features, hidden, outputs, parts} = expert;
  const moved = new Map(parts);
  const from = (name: string) => parts.get(name) as Float64Array;
  const unit = (i: number) => order[i] as number;
  moved.set(
    "in/kernel",
    Float64Array.from({length: features * hidden}, (_, at) => {
      const row = Math.floor(at / hidden);
      return from("in/kernel")[row * hidden + unit(at % hidden)] as number;
    })
  );
  if (parts.has("in/bias"))
    moved.set(
      "in/bias",
      Float64Array.from({length: hidden}, (_, i) => from("in/bias")[unit(i)] as number)
    );
  moved.set(
    "out/kernel",
    Float64Array.from({length: hidden * outputs}, (_, at) => {
      const row = unit(Math.floor(at / outputs));
      return from("out/kernel")[row * outputs + (at % outputs)] as number;
    })
  );
  return {...expert, parts: moved};
}

/**
 * An expert with its hidden units in the order that is nearest to another's: of all permutations the one with the largest sum of
 * products of weights (weight matching, Ainsworth et al. 2023).
 */
export function alignedTo(reference: HostExpert, expert: HostExpert): HostExpert {
  const {hidden} = expert;
  const theirs = Array.from({length: hidden}, (_, unit) => unitOf(reference, unit));
  const own = Array.from({length: hidden}, (_, unit) => unitOf(expert, unit));
  const values = new Float64Array(hidden * hidden);
  theirs.forEach((to, i) => {
    own.forEach((from, j) => {
      values[i * hidden + j] = -from.reduce((sum, weight, at) => sum + weight * (to[at] as number), 0);
    });
  });
  return permuted(expert, assign({values, rows: hidden, columns: hidden}));
}

/** The mean of experts, by weights; equal ones where all weights are zero. */
export function averaged(experts: readonly HostExpert[], weights: readonly number[]): HostExpert {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const share = (i: number) => (total > 0 ? (weights[i] as number) / total : 1 / experts.length);
  const [first] = experts as [HostExpert];
  const parts = new Map(
    [...first.parts].map(([name, values]) => {
      const sum = values.map((_, at) =>
        experts.reduce(
          (all, {parts}, i) => all + share(i) * ((parts.get(name) as Float64Array)[at] as number),
          0
        )
      );
      return [name, sum] as const;
    })
  );
  return {...first, parts};
}
