// Levenberg and Marquardt's method: Gauss-Newton steps, damped as much as it takes for the sum of squares to fall.
// Damping follows H. B. Nielsen, "Damping parameter in Marquardt's method", IMM-REP-1999-05.
import type {NormalEquations} from "./normal-equations.ts";

/** Residuals as functions of numbers. */
export interface Residuals {
  /** The sum of squares at the numbers; not finite where there is none. */
  sum(values: Float64Array): number;
  /** Adds every residual with its slopes at the numbers to cleared equations. */
  linearise(values: Float64Array, equations: NormalEquations): void;
}

/** What a step came to. */
export interface DampedStep {
  readonly values: Float64Array;
  /** The sum of squares there. */
  readonly sum: number;
  /** Evaluations of the sum so far. */
  readonly evaluations: number;
}

/** Attempts, each more damped, before a step is given up: no shorter one makes the sum fall. */
const MOST_ATTEMPTS = 30;

/** Step after step from `values`; ends where no step makes the sum of squares fall. */
export function* dampedSteps(
  residuals: Residuals,
  values: Float64Array,
  equations: NormalEquations
): Generator<DampedStep, void> {
  let [now, sum] = [values, residuals.sum(values)];
  let [damping, growth, evaluations] = [1e-3, 2, 1];
  const step = new Float64Array(values.length);
  for (;;) {
    equations.clear();
    residuals.linearise(now, equations);
    let attempts = 0;
    for (; attempts < MOST_ATTEMPTS; attempts++) {
      const fall = equations.step(damping, step);
      const next = now.map((value, i) => value + (step[i] as number));
      const found = fall > 0 ? residuals.sum(next) : NaN;
      evaluations++;
      if (found < sum) {
        const gain = (sum - found) / fall;
        damping = Math.max(damping * Math.max(1 / 3, 1 - (2 * gain - 1) ** 3), 1e-15);
        growth = 2;
        [now, sum] = [next, found];
        break;
      }
      damping *= growth;
      growth *= 2;
    }
    if (attempts === MOST_ATTEMPTS) return;
    yield {values: now, sum, evaluations};
  }
}
