// Trainings whose learning rate is searched with a seed of its own, on data that nothing is tested on.
import type {Figure} from "../../support/recorded-in-node.ts";

const SEED = 100;
/** Of the steps, for the search. */
const SHARE = 1 / 2;

/** How much there is to do. */
export interface Effort {
  steps: number;
  seeds: number;
}

/** A training: how good it is (more is better), and figures whose cases are a part of its own. */
export interface Trained {
  score: number;
  figures: Figure[];
}

export interface TrainingOf {
  rate: number;
  seed: number;
  steps: number;
  /** Whether its score is of the data for validation. */
  isSearch: boolean;
}

/** Scores of all rates, then the figures of all seeds with the best of them. */
export async function searched(
  name: string,
  {rates, effort}: {rates: readonly number[]; effort: Effort},
  train: (of: TrainingOf) => Promise<Trained>
): Promise<Figure[]> {
  const {steps, seeds} = effort;
  const start = performance.now();
  const figures: Figure[] = [];
  for (const rate of rates) {
    const {score} = await train({rate, seed: SEED, steps: Math.round(steps * SHARE), isSearch: true});
    figures.push({case: `${name}, rate ${rate}`, metric: "held-out score", value: score});
  }
  const best = figures.reduce((a, b) => (b.value > a.value ? b : a));
  const rate = Number(best.case.split(" ").at(-1));
  for (let seed = 0; seed < seeds; ++seed) {
    const {score, figures: own} = await train({rate, seed, steps, isSearch: false});
    figures.push(...own.map((figure) => ({...figure, case: `${name}, ${figure.case}, seed ${seed}`})));
    console.error(`${name}, seed ${seed}, rate ${rate}: ${score.toFixed(3)}`);
  }
  console.error(`${name}: ${((performance.now() - start) / 1000).toFixed(0)} s`);
  return figures;
}
