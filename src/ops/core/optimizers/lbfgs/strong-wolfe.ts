/** The function along a line, at one step length: its value and its slope by the step length. */
export interface Trial {
  t: number;
  loss: number;
  slope: number;
}

export interface StrongWolfeOptions {
  /** Share of the promised decrease that a step has to bring (Armijo). */
  c1: number;
  /** Share of the first slope that may be left. */
  c2: number;
  /** Evaluations of one search, about. */
  maxEvaluations: number;
  /** Brackets shorter than this are not searched further. */
  shortest: number;
}

/**
 * A step length that satisfies the strong Wolfe conditions, loss <= start + c1 t slope and |slope at t| <= c2 |slope at 0|:
 * bracketing and zooming (Nocedal & Wright 2006, algorithms 3.5 and 3.6) with cubic interpolation, and the safeguards of
 * PyTorch's L-BFGS, so that the same steps come out. Where it finds none in time, the lowest point that satisfies the first
 * condition, which may be the start; a value that is not finite counts as too high. `start` is the trial at t = 0, with a
 * negative slope.
 */
export async function strongWolfe<T extends Trial>(
  at: (t: number) => Promise<T>,
  start: T,
  first: number,
  options: StrongWolfeOptions
): Promise<T> {
  const {c1, c2, maxEvaluations, shortest} = options;
  const tooHigh = (trial: T) => !(trial.loss <= start.loss + c1 * trial.t * start.slope);
  const isFlat = (trial: T) => Math.abs(trial.slope) <= -c2 * start.slope;
  const bracket = async (): Promise<{low: T; high: T; used: number} | T> => {
    let [before, now] = [start, await at(first)];
    for (let used = 0; used < maxEvaluations; ++used) {
      if (tooHigh(now) || !Number.isFinite(now.slope) || (used > 1 && now.loss >= before.loss)) {
        return {low: before, high: now, used};
      }
      if (isFlat(now)) return now;
      if (now.slope >= 0) return {...ordered(before, now), used};
      const next = minimumOfCubic(before, now, now.t + 0.01 * (now.t - before.t), 10 * now.t);
      [before, now] = [now, await at(next)];
    }
    return {...ordered(start, now), used: maxEvaluations};
  };
  const found = await bracket();
  return "low" in found ? zoom(found, {at, tooHigh, isFlat, maxEvaluations, shortest}) : found;
}

interface Zoom<T> {
  at: (t: number) => Promise<T>;
  tooHigh: (trial: T) => boolean;
  isFlat: (trial: T) => boolean;
  maxEvaluations: number;
  shortest: number;
}

async function zoom<T extends Trial>(
  found: {low: T; high: T; used: number},
  {at, tooHigh, isFlat, maxEvaluations, shortest}: Zoom<T>
): Promise<T> {
  let {low, high, used} = found;
  let wasNearEnd = false;
  for (; used < maxEvaluations && Math.abs(high.t - low.t) >= shortest; ++used) {
    const guess = insideBracket(low, high, wasNearEnd);
    wasNearEnd = guess.isNearEnd;
    const now = await at(guess.t);
    if (tooHigh(now) || !Number.isFinite(now.slope) || now.loss >= low.loss) {
      high = now;
      continue;
    }
    if (isFlat(now)) return now;
    if (now.slope * (high.t - low.t) >= 0) high = low;
    low = now;
  }
  return low;
}

/** The lower of two first. */
function ordered<T extends Trial>(a: T, b: T): {low: T; high: T} {
  return a.loss <= b.loss ? {low: a, high: b} : {low: b, high: a};
}

/** The next step length to try: where the cubic is lowest, but not twice in a row within a tenth of an end. */
function insideBracket(low: Trial, high: Trial, wasNearEnd: boolean): {t: number; isNearEnd: boolean} {
  const [left, right] = [Math.min(low.t, high.t), Math.max(low.t, high.t)];
  const t = minimumOfCubic(low, high, left, right);
  const margin = 0.1 * (right - left);
  if (Math.min(right - t, t - left) >= margin) return {t, isNearEnd: false};
  if (!wasNearEnd && t > left && t < right) return {t, isNearEnd: true};
  return {t: right - t < t - left ? right - margin : left + margin, isNearEnd: false};
}

/** Where the cubic through two values with their slopes is lowest, within bounds; their middle where it has no minimum. */
function minimumOfCubic(a: Trial, b: Trial, low: number, high: number): number {
  const [left, right] = a.t <= b.t ? [a, b] : [b, a];
  const middle = left.slope + right.slope - (3 * (left.loss - right.loss)) / (left.t - right.t);
  const square = middle ** 2 - left.slope * right.slope;
  const root = Math.sqrt(square);
  const share = (right.slope + root - middle) / (right.slope - left.slope + 2 * root);
  const lowest = right.t - (right.t - left.t) * share;
  return square >= 0 && Number.isFinite(lowest) ? Math.min(Math.max(lowest, low), high) : (low + high) / 2;
}
