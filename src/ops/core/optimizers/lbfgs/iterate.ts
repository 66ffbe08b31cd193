import {strongWolfe, type Trial} from "./strong-wolfe.ts";
import type {LbfgsIteration, LbfgsOptions, LbfgsState, LbfgsStep, LbfgsStop} from "./types.ts";
import type {Vectors} from "./vectors.ts";

export type Settings = Required<LbfgsOptions>;

/** Some iterations to be done. */
export interface Walk<P, Loss, V, S> {
  vectors: Vectors<P, Loss, V, S>;
  settings: Settings;
  loss: Loss;
  params: P;
  state: LbfgsState<V>;
  iterations: number;
  maxEvaluations: number;
  onIteration?: ((iteration: LbfgsIteration) => unknown) | undefined;
}

/** Before the first iteration. */
export const freshState = {iterations: 0, s: [], y: [], gradient: [], direction: [], stepLength: 0} as const;

/** The line search takes a bracket for a point where no parameter differs by more, as PyTorch has it. */
const SHORTEST = 1e-9;

/** Up to `iterations` iterations of L-BFGS. What is made on the way is freed, also where the loss throws. */
export async function walk<P, Loss, V, S>(job: Walk<P, Loss, V, S>): Promise<LbfgsStep<P, V>> {
  const walker = new Walker(job);
  try {
    return await walker.run();
  } finally {
    walker.keepOnly([]);
  }
}

/** A point on the way, at step length t of its line search, with the gradient there. */
interface Place<V> extends Trial {
  x: V;
  gradient: V;
  /** The largest absolute entry of the gradient. */
  largest: number;
}

/** The state of some iterations, and everything they made that has to be freed. */
class Walker<P, Loss, V, S> {
  private readonly made = new Set<V>();
  private evaluations = 0;
  private iterations = 0;
  private state: LbfgsState<V>;

  constructor(private readonly job: Walk<P, Loss, V, S>) {
    this.state = job.state;
  }

  async run(): Promise<LbfgsStep<P, V>> {
    const {vectors, params, iterations, settings} = this.job;
    let here = await this.evaluate(this.own(vectors.flatten(params)));
    let stopped = this.reasonAt(here);
    while (!stopped && this.iterations < iterations) {
      const before = here;
      const {direction, slope, longest} = await this.turn(before);
      if (!(slope < 0 && slope <= -settings.toleranceChange)) {
        // Another loss, of another batch say, begins anew from here.
        this.state = freshState;
        stopped = "descent";
        break;
      }
      here = await this.search({...before, t: 0, slope}, direction, longest);
      this.state = {...this.state, stepLength: here.t};
      ++this.iterations;
      this.keepOnly([here.x, here.gradient, ...this.remembered()]);
      stopped = this.report(here) ?? this.reasonAt(here) ?? this.reasonBetween(before, here, longest);
    }
    const result = {
      params: vectors.shaped(here.x, params),
      state: this.state,
      loss: here.loss,
      iterations: this.iterations,
      evaluations: this.evaluations,
      stopped
    };
    for (const vector of this.remembered()) this.made.delete(vector);
    return result;
  }

  /** Frees all that was made, but for what is named. */
  keepOnly(kept: readonly V[]): void {
    for (const vector of this.made) {
      if (kept.includes(vector)) continue;
      this.job.vectors.free(vector);
      this.made.delete(vector);
    }
  }

  /** Takes in what the last step taught of the curvature, and chooses the direction to go in from `here`. */
  private async turn(here: Place<V>): Promise<{direction: V; slope: number; longest: number}> {
    const {vectors, settings} = this.job;
    const {iterations} = this.state;
    const {s, y} = await this.pairs(here);
    const {gradient} = here;
    const direction = this.own(
      isVector(s) && isVector(y) ? vectors.direction(s, y, gradient) : vectors.sum(-1, gradient, 0, gradient)
    );
    const [slope, longest, total] = await this.read(() => [
      vectors.dot(gradient, direction),
      vectors.largest(direction),
      vectors.total(gradient)
    ]);
    const stepLength = settings.learningRate * (iterations === 0 ? Math.min(1, 1 / (total as number)) : 1);
    this.state = {iterations: iterations + 1, s, y, gradient, direction, stepLength};
    return {direction, slope: slope as number, longest: longest as number};
  }

  /** The pairs with that of the last step, unless the gradient hardly changed along it. */
  private async pairs({gradient}: Place<V>): Promise<Pick<LbfgsState<V>, "s" | "y">> {
    const {vectors, settings} = this.job;
    const {s, y, gradient: last, direction, stepLength} = this.state;
    if (!isVector(last) || !isVector(direction)) return {s, y};
    const step = this.own(vectors.sum(stepLength, direction, 0, direction));
    const change = this.own(vectors.sum(1, gradient, -1, last));
    const [curvature] = await this.read(() => [vectors.dot(change, step)]);
    if (!((curvature as number) > settings.leastCurvature)) return {s, y};
    return {
      s: this.own(vectors.append(s, step, settings.historySize)),
      y: this.own(vectors.append(y, change, settings.historySize))
    };
  }

  private search(start: Place<V>, direction: V, longest: number): Promise<Place<V>> {
    const {vectors, settings} = this.job;
    const at = (t: number) => this.evaluate(this.own(vectors.sum(1, start.x, t, direction)), t, direction);
    return strongWolfe(at, start, this.state.stepLength, {
      c1: settings.c1,
      c2: settings.c2,
      maxEvaluations: settings.maxLineSearch,
      shortest: SHORTEST / longest
    });
  }

  private async evaluate(x: V, t = 0, direction?: V): Promise<Place<V>> {
    const {vectors, params} = this.job;
    ++this.evaluations;
    const found = await vectors.evaluate(this.job.loss, x, params);
    const gradient = this.own(found.gradient);
    const [loss, largest, slope = 0] = await this.read(() => [
      found.loss,
      vectors.largest(gradient),
      ...(direction ? [vectors.dot(gradient, direction)] : [])
    ]);
    return {x, t, gradient, loss: loss as number, largest: largest as number, slope};
  }

  private report({loss, t, largest}: Place<V>): LbfgsStop | undefined {
    const {onIteration, maxEvaluations} = this.job;
    const {evaluations, iterations: iteration} = this;
    const report = {iteration, loss, stepLength: t, evaluations, largestGradient: largest};
    if (onIteration?.(report) === false) return "asked";
    return evaluations >= maxEvaluations ? "evaluations" : undefined;
  }

  private reasonAt({loss, largest}: Place<V>): LbfgsStop | undefined {
    if (!Number.isFinite(loss) || !Number.isFinite(largest)) return "not finite";
    return largest <= this.job.settings.toleranceGradient ? "gradient" : undefined;
  }

  private reasonBetween(before: Place<V>, here: Place<V>, longest: number): LbfgsStop | undefined {
    const {toleranceChange} = this.job.settings;
    const isStill =
      here.t * longest <= toleranceChange || Math.abs(here.loss - before.loss) < toleranceChange;
    return isStill ? "change" : undefined;
  }

  /** The vectors of the state that were made here. */
  private remembered(): V[] {
    const {s, y, gradient, direction} = this.state;
    return [s, y, gradient, direction].filter(isVector<V>);
  }

  private own(vector: V): V {
    this.made.add(vector);
    return vector;
  }

  private async read(compute: () => S[]): Promise<number[]> {
    const {vectors} = this.job;
    const sums = vectors.scope(compute);
    try {
      return await vectors.read(sums);
    } finally {
      vectors.free(sums);
    }
  }
}

export function isVector<V>(vector: V | readonly []): vector is V {
  return !Array.isArray(vector);
}
