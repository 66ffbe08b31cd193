import type {RunProgress} from "./row-types.ts";

const windowMs = 5000;

/** Measures how fast a run goes, over its last seconds. */
export class Rate {
  readonly #samples: {timeMs: number; step: number; fraction: number | null}[] = [];
  #totalSteps: number | null;

  constructor(totalSteps: number | null) {
    this.#totalSteps = totalSteps;
  }

  add(timeMs: number, step: number, about: {totalSteps?: number; fraction?: number}): void {
    if (about.totalSteps !== undefined) this.#totalSteps = about.totalSteps;
    const samples = this.#samples;
    samples.push({timeMs, step, fraction: about.fraction ?? null});
    while (samples.length > 2 && samples[1].timeMs < timeMs - windowMs) samples.shift();
  }

  progress(done: boolean): RunProgress {
    const [first] = this.#samples;
    const last = this.#samples.at(-1);
    const totalSteps = this.#totalSteps;
    if (!first || !last)
      return {step: null, totalSteps, fraction: done ? 1 : null, stepsPerSecond: null, etaMs: null};
    const spanMs = last.timeMs - first.timeMs;
    const perMs = (from: number, to: number) => (spanMs > 0 && to > from ? (to - from) / spanMs : null);
    const stepsPerMs = perMs(first.step, last.step);
    let fraction = last.fraction;
    let etaMs: number | null = null;
    if (fraction !== null) {
      const share = perMs(first.fraction ?? 0, fraction);
      etaMs = share && (1 - fraction) / share;
    } else if (totalSteps) {
      fraction = Math.min(1, Math.max(0, last.step / totalSteps));
      etaMs = stepsPerMs && Math.max(0, totalSteps - last.step) / stepsPerMs;
    }
    return {
      step: last.step,
      totalSteps,
      fraction: done ? 1 : fraction,
      stepsPerSecond: stepsPerMs && stepsPerMs * 1000,
      etaMs: done ? 0 : etaMs
    };
  }
}
