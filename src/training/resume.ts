// What a run keeps to go on from, when what it computed on is gone: it is started again from its beginning, and each of
// its trainings (`fit`, by order) repeats the rows that it had given and goes on from where it was kept last.
import type {KeptTraining, RunContext, TrainingKeeper} from "../ops/core/run-context.ts";

export interface KeepTimes {
  /** A training is kept at most this often. */
  everyMs: number;
  /** One that took less is not kept when it is over: it is computed again. */
  worthMs: number;
  /** Keeping takes at most about one part in so many of a run's time. */
  costShare: number;
}

const keepTimes: KeepTimes = {everyMs: 2000, worthMs: 1000, costShare: 50};

/** Trainings that are over are let go above this, the oldest first: they are computed again. */
const maxBytes = 256 * 2 ** 20;

/** Keeps the trainings of one run. */
export class RunKeeper {
  /** By their number in the run. */
  readonly #kept = new Map<number, KeptTraining>();
  readonly #now: () => number;
  readonly #times: KeepTimes;

  constructor(now: () => number, times: KeepTimes = keepTimes) {
    this.#now = now;
    this.#times = times;
  }

  get isEmpty(): boolean {
    return this.#kept.size === 0;
  }

  /** The step that the last training goes on from, of how many trainings; null when nothing is kept. */
  get place(): {step: number; trainings: number} | null {
    const last = [...this.#kept].sort(([a], [b]) => a - b).at(-1);
    return last ? {step: last[1].step, trainings: last[0] + 1} : null;
  }

  /** Everything is to be computed again. */
  forget(): void {
    this.#kept.clear();
  }

  /** For one attempt of the run. */
  context(): RunContext {
    let count = 0;
    // What an attempt that was given up still keeps must not mix with the next one's.
    const kept = new Map(this.#kept);
    return {nextTraining: () => this.#training(count, kept.get(count++))};
  }

  #training(number: number, kept: KeptTraining | undefined): TrainingKeeper {
    const begunAt = this.#now();
    let keptAt = begunAt;
    let askedAt = begunAt;
    let costMs = 0;
    return {
      kept,
      wants: (isOver) => {
        askedAt = this.#now();
        return isOver
          ? askedAt - begunAt >= this.#times.worthMs
          : askedAt - keptAt >= Math.max(this.#times.everyMs, this.#times.costShare * costMs);
      },
      keep: (training) => {
        keptAt = this.#now();
        costMs = keptAt - askedAt;
        this.#kept.set(number, training);
        this.#makeRoom(number);
      }
    };
  }

  #makeRoom(newest: number): void {
    let bytes = 0;
    for (const {file} of this.#kept.values()) bytes += file.byteLength;
    for (const [number, {file}] of [...this.#kept].sort(([a], [b]) => a - b)) {
      if (bytes <= maxBytes) return;
      if (number === newest) continue;
      bytes -= file.byteLength;
      this.#kept.delete(number);
    }
  }
}
